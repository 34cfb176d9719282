"""Where a mail quotes another one: `>` lines, "On ... wrote:", headers and dividers as mailers write them. Pure.

Mailers write these in their user's language; what is common to all languages (a date, an address in angle brackets, a
colon at the end) counts for more here than the words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

LONGEST_ATTRIBUTION = 400  # characters, over at most so many lines:
MOST_LINES = 5
ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[^\s<>()\[\]\"',;:]{1,255}")
DATED = re.compile(
    r"\b(19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}[:.h]\d{2}\b|\d{4}年|\d{4}년"
    r"|\b(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?\b[,.]? ",
    re.IGNORECASE,
)
WROTE = re.compile(
    r"\b(wrote|writes|(?:a|à) écrit|a ecrit|ha scritto|scrisse|escribió|escribio|ha escrit|escreveu|schrieb"
    r"|geschrieben"
    r"|schreef|skrev|kirjoitti|napisał(?:\(a\)|a)?|napisal(?:\(a\)|a)?|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?"
    r"|nadesłał|írta|написала?|пишет|пише|написав|yazdı|a scris|έγραψε|đã viết|menulis|kirjutas|rakstīja|rašė|parašė"
    r"|je napisao|je napisala|je napisal|skrifaði|missatge de|escrigué|ysgrifennodd|scríobh)(?!\w)"
    r"|(?<!\w)(כתב|כתבה|كتب|كتبت)(?!\w)|写道|寫道|のメール|書きました|작성|เขียนว่า",
    re.IGNORECASE,
)
QUOTING = re.compile(
    r"^(quoting|citando( a)?|zitat von|citat|en réponse à|selon|cytowanie|cytat|citováno) .{2,100}[:：]$", re.IGNORECASE
)
ADDRESS_LAST = re.compile(r"<[^<>]*@[^<>]*>\)?\s*[:：]$")
CLOSED_BRACKET = re.compile(r"^\s*>\)?\s*[:：]\s*$")  # ">:", of an address broken in two
LATER_PART = re.compile(r"^\W*(at|à|um|kl|om|alle|a las|às|o|klo|в|um|den|,)\b", re.IGNORECASE)
DIGIT_SOON = re.compile(r"^\W*[^\d]{0,28}\d")
BEGINS_WITH_DATE = re.compile(r"^\W*(?:[^\W\d]{1,12}[.,]?\s+){0,3}\d")
DIVIDER = re.compile(r"^[\s>*]*(?P<left>[-_=*~—–#+]{2,})\s*(?P<words>[^\W_].{2,80}?)\s*(?P<right>[-_=*~—–#+]{2,})?\s*$")
DIVIDING = re.compile(
    r"\b(original|originale|oryginalna|orijinal|forwarded|appended|reply|ursprüngliche|originalnachricht"
    r"|weitergeleitete?"
    r"|d'origine|transféré|transmis|initial|reenviado|reenviada|inoltrato|encaminhada|reencaminhada|oorspronkelijk"
    r"|doorgestuurd|oprindelig|oprindelige|opprinnelig|videresendt|videresend|ursprungligt|originalmeddelande"
    r"|vidarebefordrat|alkuperäinen|välitetty|edelleenlähetetty|wiadomość|przekazana|исходное|оригинальное"
    r"|пересылаемое"
    r"|пересланное|переслане|özgün|iletilen|původní|pôvodná|přeposlaná|eredeti|továbbított|αρχικό|προωθημένο|izvorna"
    r"|izvirno|algne|sākotnējais)\b"
    r"|原始|原邮件|转发|轉寄|元のメッセージ|転送|원본|전달",
    re.IGNORECASE,
)
PLAIN_DIVIDER = re.compile(
    r"^\W*(begin forwarded message|start of forwarded message|anfang der weitergeleiteten (e-mail|nachricht)"
    r"|début du (message|courriel) (réexpédié|transféré)|inicio del mensaje reenviado|inizio messaggio inoltrato"
    r"|início da mensagem (re)?encaminhada|begin doorgestuurd bericht|vidarebefordrat (brev|mejl)"
    r"|videresendt (besked|e-mail|melding)"
    r"|начало переадресованного сообщения|original message processed by .{1,20}"
    r"|(please )?(type|write|enter)? ?your reply above this line.*|(please )?reply above this line.*)\W*$",
    re.IGNORECASE,
)  # fmt: skip
LABELS = {
    "from": "from|sender|von|absender|de|expéditeur|da|mittente|remitente|remetente|van|afzender|od|nadawca|odesílatel"
    "|odosielateľ|fra|avsender|från|avsändare|lähettäjä|от|от кого|отправитель|від|kimden|gönderen|de la|expeditor"
    "|από"
    "|מאת|من|发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람|feladó|nuo|saatja|pošiljatelj",
    "date": "sent|date|sent at|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|message du|inviato|inviato"
    " il|data"
    "|enviado|enviado el|enviado em|enviada em|fecha|verzonden|verstuurd|wysłano|wysłane|sendt|dato|skickat|lähetetty"
    "|päiväys|päivämäärä|pvm|отправлено|дата|надіслано|gönderilme tarihi|gönderildi|tarih|trimis|dată|odesláno"
    "|odoslané"
    "|dátum|elküldve|στάλθηκε|ημερομηνία|נשלח|תאריך|تاريخ|التاريخ|日時|送信日時|日期|发送时间|傳送時間|寄件日期|時間"
    "|보낸 날짜|보낸날짜|날짜|išsiųsta|nosūtīts|saadetud|poslano",
    "to": "to|an|à|a|para|aan|do|til|till|vastaanottaja|кому|kime|alıcı|către|komu|címzett|προς|אל|إلى|宛先|收件人"
    "|收件者"
    "|받는 사람|받는사람|kam|kellele|za",
    "copy": "cc|bcc|kopie|copie|copie à|copia|kopia|kopi|cópia|kopio|копия|копія|bilgi|masolat|másolat|κοιν|抄送"
    "|副本|참조|dw|udw",
    "subject": "subject|re|betreff|betr|objet|oggetto|asunto|assunto|onderwerp|temat|emne|ämne|aihe|тема|konu|subiect"
    "|předmět|predmet|tárgy|θέμα|נושא|الموضوع|件名|主题|主題|主旨|제목|tema|teema",
    "other": "reply-to|reply to|importance|priority|attachments|attachment|organization|organisation|organización"
    "|antwort an|répondre à|anlagen|anhang|importanza|importancia|prioridade|belang|vedhæftet|bilagor|вложения",
}  # fmt: skip
ROLE = {label: role for role, labels in LABELS.items() for label in labels.split("|")}
HEADER = re.compile(r"^[\s>*_|]*(?P<label>[^\s:：*_<>][^:：*<>]{0,24}?)[\s*_]*[:：]\**(?P<value>.*)$")
RULE = re.compile(r"^\s*[-_=*~—–─━]{3,}\s*$")


def is_quoted(line: str) -> bool:
    """Whether a line is marked as another's."""
    return line.lstrip().startswith(">") and not CLOSED_BRACKET.match(line)


def quoted_lines(lines: Sequence[str]) -> list[bool]:
    """For each line, whether it is of a mail quoted: of its text, of what says whose it is, or of a divider."""
    quoted = [is_quoted(line) for line in lines]
    at = 0
    while at < len(lines):
        length = 0 if quoted[at] else _introduction(lines, at)
        if not length:
            at += 1
            continue
        quoted[at : at + length] = [True] * length
        at += length
        following = next((i for i in range(at, len(lines)) if lines[i].strip()), None)
        if following is not None and not is_quoted(lines[following]):
            quoted[at:] = [True] * (len(lines) - at)  # quoted without marks: all that is left
            break
    _join_wrapped(lines, quoted)
    return quoted


def _join_wrapped(lines: Sequence[str], quoted: list[bool]) -> None:
    """A long quoted line that a mailer has broken in two leaves its end without a mark, between marked lines."""
    for at in range(1, len(lines) - 1):
        between = not quoted[at] and is_quoted(lines[at - 1]) and is_quoted(lines[at + 1])
        first = lines[at].lstrip()[:1]
        if between and len(lines[at - 1]) > 54 and first and not (first.isupper() or first.isdigit()):
            quoted[at] = True


def _introduction(lines: Sequence[str], at: int) -> int:
    """How many lines from `at` introduce a quoted mail; 0 where none do."""
    line = lines[at]
    if not line.strip() or len(line) > LONGEST_ATTRIBUTION:
        return 0
    if _divides(line):
        return 1
    return _headers(lines, at) or _attribution(lines, at)


def _divides(line: str) -> bool:
    if PLAIN_DIVIDER.match(line):
        return True
    found = DIVIDER.match(line)
    if not found or not DIVIDING.search(found["words"]):
        return False
    return bool(found["right"]) or len(found["left"]) >= 5


def _headers(lines: Sequence[str], at: int) -> int:
    """A block such as From, Sent, To, Subject, perhaps below a rule and with values that run over the line."""
    end, whole = at, ""
    roles: list[str] = []
    while end < len(lines) and end - at < 40:
        role = _role(lines[end])
        if role is None and not (roles and _runs_on(lines, end)):
            break
        roles += [role] if role else []
        whole += " " + lines[end]
        end += 1
    kinds = set(roles) - {"other"}
    if "from" not in kinds or len(kinds) < 2 or _role(lines[at]) == "other":
        return 0
    written_by = next(lines[i] for i in range(at, end) if _role(lines[i]) == "from")
    value = written_by.partition(":")[2] or written_by.partition("：")[2]
    is_a_person = "@" in value or not DATED.search(value)  # "From: 1 March 2024, To: ..." is a term of office
    sure = len(kinds) >= 3 or ("@" in whole and {"date", "subject"} & kinds)
    return end - at if is_a_person and sure else 0


@lru_cache(maxsize=2048)
def _role(line: str) -> str | None:
    found = HEADER.match(line) if len(line) < 2000 else None
    return ROLE.get(" ".join(found["label"].casefold().split())) if found else None


def is_header(line: str) -> bool:
    """Whether a line is 'From: ...', 'Sent: ...' or the like, in any language."""
    return _role(line) is not None


def _runs_on(lines: Sequence[str], at: int) -> bool:
    """Whether a line continues a header's value: another header follows within three lines, without an empty one."""
    for following in range(at, min(at + 4, len(lines))):
        if not lines[following].strip():
            return False
        if following > at and _role(lines[following]):
            return True
    return False


def _attribution(lines: Sequence[str], at: int) -> int:
    """'On 7 February 2024 at 10:00, PMO <pmo@example.org> wrote:', over up to five lines."""
    joined = ""
    for length in range(1, MOST_LINES + 1):
        end = at + length - 1
        if end >= len(lines) or not lines[end].strip() or is_quoted(lines[end]):
            return 0
        joined = f"{joined} {lines[end].strip()}".strip()
        if len(joined) > LONGEST_ATTRIBUTION:
            return 0
        if _may_end(lines[end]) and _attributes(joined, wrapped=length > 1, marked=_marked_below(lines, end)):
            return 0 if _begins_later(lines, at, end) else length
    return 0


def _may_end(line: str) -> bool:
    """Looked at before anything that takes longer."""
    end = line.rstrip(" -*_—–\t")
    return end.endswith((":", "：")) or WROTE.search(end[-24:]) is not None


def _marked_below(lines: Sequence[str], end: int) -> bool:
    following = next((line for line in lines[end + 1 : end + 4] if line.strip()), "")
    return is_quoted(following)


def _begins_later(lines: Sequence[str], at: int, end: int) -> bool:
    """Whether the attribution begins on a line below, so that the line at `at` is the writer's own."""
    for later in range(at + 1, end + 1):
        rest = " ".join(line.strip() for line in lines[later : end + 1])
        begins = DIGIT_SOON.match(lines[later]) and not LATER_PART.match(lines[later])
        if begins and DATED.search(rest) and _attributes(rest, wrapped=True, marked=False):
            return True
    return False


def _attributes(text: str, *, wrapped: bool, marked: bool) -> bool:
    """Whether it says whose the words below are. `marked`: those words have a `>`, so that less is asked of it."""
    text = text.strip(" -*_—–")
    wrote = WROTE.search(text)
    ends = text.endswith((":", "：")) or (wrote is not None and wrote.end() == len(text))
    if not ends or (wrapped and not DIGIT_SOON.match(text)):
        return False
    address, dated = ADDRESS.search(text), DATED.search(text)
    if wrote is None and QUOTING.match(text):
        return marked or address is not None
    if wrote is None:
        return bool(dated and (ADDRESS_LAST.search(text) or "님" in text))
    if address or marked:
        return bool(address or dated)
    return bool(dated and DIGIT_SOON.match(text) and not _is_prose(text, wrote))


def _is_prose(text: str, wrote: re.Match[str]) -> bool:
    """'In the report of 7 February 2024 you wrote:' is the writer's own; mailers begin with the date."""
    return not BEGINS_WITH_DATE.match(text) or len(text[: wrote.start()].split()) > 16
