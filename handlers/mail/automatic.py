"""Mail that no person has just written: absence notices, lists, other machines, spam, our own come back. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

FORWARDED = r"^\W*((re|aw|sv|antw|tr|rv|fwd?)\s*:\s*)*\W*"
MACHINE_SUBJECT = re.compile(
    FORWARDED + r"(automatic reply|auto[- ]?reply|auto[- ]?response|autoresponse|autoreply|abwesenheits(notiz"
    r"|nachricht|meldung)"
    r"|automatische antwort|réponse automatique|message d'absence|respuesta automática|risposta automatica"
    r"|resposta automática"
    r"|automatisch antwoord|autosvar|automatisk svar|automatiskt svar|frånvarohanterare|fraværsbesked"
    r"|automaattinen vastaus"
    r"|odpowiedź automatyczna|autoodpowiedź|автоматический ответ|автоответ|автоматична відповідь|automatická odpov"
    r"|automatikus válasz"
    r"|otomatik yanıt|răspuns automat|αυτόματη απάντηση|תשובה אוטומטית|رد تلقائي|自動応答|自動返信|自动答复"
    r"|自动回复|自動回覆|자동 회신)",
    re.IGNORECASE,
)  # fmt: skip
ABSENT_SUBJECT = re.compile(
    FORWARDED + r"(out of (the )?office|ooo\b|on (annual )?leave|away from|abwesen|absence|absent|en congé"
    r"|fuera de (la )?oficina"
    r"|fuori sede|fuori ufficio|assente|fora do escritório|ausência|ausente|afwezig|niet aanwezig|frånvar"
    r"|fraværende|fravær"
    r"|ikke på kontoret|poissa|poza biurem|nieobecno|вне офиса|mimo kancelář|nepřítomnost|házon kívül|ofis dışında"
    r"|εκτός γραφείου"
    r"|不在|부재 중)(?P<colon>[^:]{0,10}:)?",
    re.IGNORECASE,
)  # fmt: skip
ABSENT_WORDS = re.compile(
    r"\b(out of (the |my )?office|(on|am on|currently on) (annual |maternity |paternity |parental |sick "
    r"|study )?leave|on (holiday|vacation)"
    r"|away from (the |my )?(office|desk|e-?mail)|limited access to (my )?e-?mails?|will (be back"
    r"|return) (in the office )?(on|in|from)|nicht im büro"
    r"|im urlaub|abwesend|absent(e)? (du bureau|jusqu)|en congés?|fuera de la oficina|de vacaciones|fuori ufficio"
    r"|in ferie|ausente|de férias"
    r"|niet aanwezig|met vakantie|på ferie|på semester|lomalla|na urlopie|poza biurem|в отпуске|na dovolené"
    r"|szabadságon|izinde)\b",
    re.IGNORECASE,
)  # fmt: skip
OWN_HEADER = "X-Secretariat-Id"
Header = Callable[[str], str]
"""The value of a header of the mail by its name, "" where it has none."""


def comes_from_us(header: Header) -> str:
    """Why a mail is our own come back; empty where it is not."""
    return f"it carries {OWN_HEADER}" if header(OWN_HEADER) else ""


def machine_wrote(header: Header, *, has_empty_return_path: bool) -> str:
    """Why a mail is another machine's or a list's and must not be answered; empty where a person wrote it."""
    said = header("Auto-Submitted").strip().lower()
    if said not in ("", "no"):
        return f"it says of itself Auto-Submitted: {said}"
    precedence = header("Precedence").strip().lower()
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return f"it says of itself Precedence: {precedence}"
    for name in ("List-Id", "List-Unsubscribe-Post", "X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"):
        if header(name):
            return f"it carries {name}"
    return "its return path is empty, as in a bounce" if has_empty_return_path else ""


def tells_of_absence(subject: str, own_words: str, machine: str) -> str:
    """Why a mail is an absence notice; empty where it is none.

    A person may write "Out of office on 7 February" and mean an apology: such words count where a machine wrote them,
    or where they stand before a colon, as machines put them.
    """
    if MACHINE_SUBJECT.match(subject):
        return "its subject is that of an automatic reply"
    absent = ABSENT_SUBJECT.match(subject)
    if absent and (machine or absent["colon"]):
        return "its subject is that of an absence notice"
    found = ABSENT_WORDS.search(own_words[:2000]) if machine and "List" not in machine else None
    return f'a machine wrote it, and it says "{found[0]}"' if found else ""


def is_junk(header: Header) -> str:
    """Why the mail server takes it for spam or worse; empty where it does not."""
    if header("X-Spam-Flag").strip().lower() == "yes":
        return "its mail server marked it as spam"
    level = re.match(r"\s*(-?\d+)", header("X-MS-Exchange-Organization-SCL"))
    if level and int(level[1]) >= 5:
        return f"Exchange gives it a spam level of {level[1]}"
    report = header("X-Forefront-Antispam-Report")
    found = re.search(r"\bCAT:(SPM|HSPM|PHSH|HPHSH|HPHISH|MALW|SPOOF|BULK)\b|\bSFV:SPM\b", report)
    return f"Exchange marked it ({found[0]})" if found else ""
