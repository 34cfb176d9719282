"""The words of sign-offs, mobile signatures, disclaimers and warnings, in the languages that mailers write. Data."""

from __future__ import annotations

import re

CLOSINGS = (
    "regards|kind regards|best regards|warm regards|warmest regards|with kind regards|with best regards"
    "|with regards|kindest regards"
    "|many regards|regards and thanks|thanks and regards|thanks & regards|thanks and kind regards|br|kr|best"
    "|all the best|best wishes"
    "|with best wishes|kind wishes|warm wishes|all best|yours|yours sincerely|yours faithfully|yours truly"
    "|sincerely|sincerely yours"
    "|respectfully|faithfully|cheers|thanks|many thanks|thanks again|thanks a lot|thanks very much|with thanks"
    "|thank you"
    "|thank you very much|thanks in advance|thank you in advance|thank you and regards|thank you and kind regards"
    "|ta|love|cordially"
    "|mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|mit freundlichem gruss"
    "|freundliche grüße|freundliche grüsse"
    "|beste grüße|beste grüsse|besten gruß|viele grüße|viele grüsse|liebe grüße|liebe grüsse|schöne grüße"
    "|herzliche grüße|grüße|gruß"
    "|gruss|mfg|vg|lg|hochachtungsvoll|danke|vielen dank|danke und gruß"
    "|cordialement|bien cordialement|très cordialement|bien à vous|sincères salutations|meilleures salutations"
    "|salutations|amicalement"
    "|bonne journée|bonne réception|merci|merci d'avance|cdt|cdlt|respectueusement"
    "|saludos|un saludo|un cordial saludo|saludos cordiales|atentamente|cordialmente|muchas gracias|gracias"
    "|un abrazo|reciba un cordial saludo"
    "|cordiali saluti|distinti saluti|un saluto|saluti|un caro saluto|grazie|grazie mille|cordialità"
    "|atenciosamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraços|abraço|obrigado"
    "|obrigada|att"
    "|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten|hartelijke groeten"
    "|hartelijke groet|groeten"
    "|groet|mvg|bedankt|dank u|alvast bedankt"
    "|med venlig hilsen|med venlige hilsner|venlig hilsen|bedste hilsner|de bedste hilsner|hilsen|mvh|vh|kh|dbh"
    "|knus|på forhånd tak"
    "|med vennlig hilsen|vennlig hilsen|beste hilsen|mange takk|på forhånd takk"
    "|med vänliga hälsningar|med vänlig hälsning|vänliga hälsningar|vänlig hälsning|bästa hälsningar|hälsningar"
    "|hälsning|tack på förhand"
    "|ystävällisin terveisin|terveisin|parhain terveisin|t|yt|kiitos"
    "|z poważaniem|z powazaniem|pozdrawiam|pozdrawiam serdecznie|serdecznie pozdrawiam|z wyrazami szacunku|dziękuję"
    "|с уважением|с наилучшими пожеланиями|всего доброго|спасибо|з повагою|дякую"
    "|s pozdravem|s pozdravom|s úctou|děkuji|ďakujem|hezký den|üdvözlettel|tisztelettel|köszönettel|saygılarımla"
    "|saygılarımızla|teşekkürler"
    "|cu stimă|cu respect|mulțumesc|με εκτίμηση|ευχαριστώ|בברכה|תודה|مع أطيب التحيات|تحياتي|此致|敬礼|祝好|谢谢"
    "|감사합니다"
    "|감사합니다\\.|敬具|草々|以上です|以上、よろしくお願いいたします|よろしくお願いいたします|よろしくお願いします"
    "|宜しくお願いします|宜しくお願い致します"
)  # fmt: skip
LONGEST_FIRST = "|".join(sorted(CLOSINGS.split("|"), key=len, reverse=True))
CLOSING = re.compile(rf"^\W*(?:{LONGEST_FIRST})(?!\w)[^\w\n]*(?P<name>\w.*)?$", re.IGNORECASE)
POLITE = re.compile(
    r"^\W*((many )?thanks|thank you|thanks again|cheers|ta|danke|vielen dank|merci|gracias|muchas gracias|grazie"
    r"|tack|kiitos|obrigad[oa]"
    r"|bedankt|dziękuję|děkuji|спасибо)( very much| a lot)?( in advance| d'avance| por adelantado| im voraus)?\W*$",
    re.IGNORECASE,
)
MOBILE = re.compile(
    r"^[\s*_-]*((sent|get|written|typed)\b( (with|using|on|via|by|from|in))? ?(my |the |a |an )?"
    r"(?=.*\b(iphone|ipad|ios|android|blackberry|phone|mobile|samsung|galaxy|huawei|pixel|nokia|outlook|mail|yahoo"
    r"|gmail|proton\w*|spark"
    r"|sparrow|thunderbird|typeapp|device|tablet|handheld|windows|app|airmail|newton|boxer|nine|superhuman"
    r"|mailbird|missive|front|hey|wiko"
    r"|xiaomi|oneplus|motorola|verizon|bluemail|aol|workspace)\b)"
    r"|sent from (my|a|an|the) |sent from [A-Z]"
    r"|gesendet (von|mit|über|aus)|von (meinem|meiner) .{2,30} gesendet|diese nachricht wurde von meinem"
    r"|envoyé (de|depuis|à partir|avec)|télécharger outlook|obtenez outlook|enviado (desde|do|de|a partir|con|com"
    r"|via)|obtener outlook"
    r"|inviato (da|dal|dall'|con|tramite)|scarica outlook|verzonden (vanaf|met|via|vanuit)|verstuurd (vanaf|met"
    r"|via)|outlook voor"
    r"|sendt (fra|med)|hent outlook|skickat från|skickades från|hämta outlook|lähetetty|wysłane? (z|ze|przez)"
    r"|wysłano z"
    r"|отправлено (с|из)|надіслано з|odesláno z|odoslané z|elküldve|iphone'umdan|.{2,20} gönderildi|trimis de pe"
    r"|στάλθηκε από"
    r"|从我的|發自我的|发自我的|iphoneから送信|.{2,20}から送信|나의 .{2,20} 보냄|내 .{2,20} 보냄|via mobile"
    r"|mobile:? sent)",
    re.IGNORECASE,
)  # fmt: skip
LIST_FOOTER = re.compile(
    r"mailing list|mailinglist|liste de diffusion|mailman|unsubscribe|listinfo|reply to this email directly"
    r"|you are receiving this"
    r"|you received this message because|view it on github|google groups",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"[^\s@<>]{1,64}@[^\s@<>]{1,190}\.[a-z]{2,}|https?://|\bwww\.|\+\d[\d\s().-]{6,}|\(\+?\d{2,5}\)\s?[\d\s.-]{5,}"
    r"|\b0\d[\d\s.-]{7,}\d"
    r"|^\s*(t|m|f|tel|telephone|phone|mob|mobile|direct|fax|skype|e|email|e-mail|mail|w|web|twitter|linkedin"
    r"|office)\s?[.:|]"
    r"|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b|📞|📧|📱|☎|✉|^\s*@\w{3,}\s*$",
    re.IGNORECASE,
)  # fmt: skip
STRONG = re.compile(
    r"if you (are|have) not the (intended|named)|not the intended recipient|intended (solely|only|exclusively)"
    r"|solely for the (use|attention)"
    r"|received (this|it) (e-?mail|message|communication|transmission)?\s?in error|(e-?mail|message"
    r"|communication)[^.]{0,60}(is|are|may be|contains?)"
    r"[^.]{0,40}(confidential|privileged)|privileged (and|or)/?(or)? confidential|confidential (and"
    r"|or)/?(or)? (legally )?privileged"
    r"|scanned (for|by)[^.]{0,30}(virus|malware)|registered (in|office)[^.]{0,60}(england|wales|scotland|number"
    r"|no\.)|company (registration|number)"
    r"|consider (the environment|your environmental)|think before (you )?print|wenn sie nicht der (richtige"
    r"|beabsichtigte)|irrtümlich erhalten"
    r"|vertrauliche (und|oder)?|ce (message|courriel|mail)[^.]{0,80}(confidentiel|strictement)|confidentiels? et"
    r"|destinataire[^.]{0,40}erreur"
    r"|uso esclusivo del destinatario|riservat[ei] e|ricevete questo messaggio per errore|per errore|(este"
    r"|el presente) (mensaje|correo)[^.]{0,80}confidencial"
    r"|esta mensagem[^.]{0,80}confidencia|vertrouwelijk|niet de (bedoelde|geadresseerde)|wiadomość[^.]{0,60}poufn"
    r"|fortrolig|konfidentiell",
    re.IGNORECASE,
)  # fmt: skip
HEADING = re.compile(
    r"^\W*(legal |email |e-mail |important |confidentiality |privacy )?(disclaimer|confidentiality( notice| note)?"
    r"|confidentiality statement"
    r"|privileged (and|&) confidential|legal notice|(important|confidential|privacy) notice|haftungsausschluss"
    r"|avertissement|aviso legal"
    r"|avvertenza|clausola di riservatezza|vrijwaring)\W*$",
    re.IGNORECASE,
)  # fmt: skip
WARNING = re.compile(
    r"^\W*(caution|warning|external( e-?mail| sender| message)?|attention|achtung|notice|alert|think secure"
    r"|be careful)\b[^a-z]{0,4}.{0,60}"
    r"(external|outside|originated|unknown sender|extern|originat)|^\W*\[?external\]?\W*$"
    r"|^\W*(this (e-?mail|message) (originated|came|was sent|is|has been sent)( from)? (from )?(outside"
    r"|an external|external)"
    r"|you don'?t often get e?-?mail from|some people who received this message don'?t often"
    r"|this sender is from outside"
    r"|diese (e-mail|nachricht) (kommt|stammt) von (außerhalb|einem externen))",
    re.IGNORECASE,
)  # fmt: skip
