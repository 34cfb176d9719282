"""A mail's own words: on real replies of many clients and languages, scored; and the rules, one by one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from handlers.mail.markup import shown_html, text_of_html
from handlers.mail.own_words import own_words
from handlers.mail.reading import read_mail

REPLIES = Path(__file__).parent / "data/mail/replies"
EXPECTED: list[dict[str, Any]] = json.loads((REPLIES / "own_words.json").read_text(encoding="utf-8"))
COLLECTIONS = ("crisp", "mail-parser-reply", "quotequail", "talon")
WANTED_SHARE = 0.9


def words_of(text: str) -> str:
    """Line ends and runs of spaces do not count."""
    return " ".join(text.split())


def text_in(name: str) -> str:
    """The text of a reply, without talon's own annotations."""
    text = (REPLIES / name).read_text(encoding="utf-8")
    if name.endswith(".html"):
        return text_of_html(text)
    if "talon/signature" in name:
        text = re.sub(r"#reply#|#sig# ?", "", text)
        headers = {"102682_R_S": "\n\n", "unicode_msg": "\n"}.get(Path(name).name)
        return text.split(headers, 1)[1] if headers else text
    return text


def found_in(entry: dict[str, Any]) -> str:
    name = entry["file"]
    if name.endswith(".eml"):
        return read_mail((REPLIES / name).read_bytes()).own_words
    return own_words(text_in(name), sender_name=entry.get("sender", "")).text


def wanted_of(entry: dict[str, Any]) -> str:
    if "as" in entry:
        return wanted_of(next(other for other in EXPECTED if other["file"] == entry["as"]))
    return text_in(entry["file"]) if entry.get("whole") else str(entry["wanted"])


def test_nine_of_ten_real_replies_are_read_right(capsys: pytest.CaptureFixture[str]) -> None:
    decided = [entry for entry in EXPECTED if "undecided" not in entry]
    missed = [e["file"] for e in decided if words_of(found_in(e)) != words_of(wanted_of(e))]
    with capsys.disabled():
        print(f"\nown words: {len(decided) - len(missed)} of {len(decided)} real replies right")
        for collection in COLLECTIONS:
            of_it = [e["file"] for e in decided if e["file"].startswith(collection)]
            right = len(of_it) - sum(1 for name in of_it if name in missed)
            print(f"  {collection}: {right} of {len(of_it)}")
        print("  missed:", ", ".join(missed) or "none")
    assert len(missed) <= (1 - WANTED_SHARE) * len(decided)


def test_every_reply_has_its_expectation_and_every_collection_its_licence() -> None:
    there = {file.relative_to(REPLIES).as_posix() for file in REPLIES.rglob("*") if file.is_file()}
    others = {"README.md", "own_words.json", *(f"{collection}/LICENSE" for collection in COLLECTIONS)}
    assert others <= there
    assert {entry["file"] for entry in EXPECTED} == there - others


def test_nothing_is_lost_between_own_words_and_what_was_cut() -> None:
    """Whatever is not the writer's own is kept, for a person to see."""
    for entry in EXPECTED:
        if entry["file"].endswith(".eml"):
            continue
        whole = text_in(entry["file"])
        found = own_words(whole)
        assert sorted(re.findall(r"\w+", whole)) == sorted(re.findall(r"\w+", f"{found.text}\n{found.cut}"))


# how mailers introduce what they quote, as they write it in each language; everybody in it is invented
QUOTING = json.loads((REPLIES.parent / "quoting.json").read_text(encoding="utf-8"))
ATTRIBUTIONS, HEADERS = QUOTING["attributions"], QUOTING["headers"]
OWN = "The owner of A-03 should be Elexon.\n\nPlease correct it before the next meeting."
THEIRS = "Dear all,\n\nThe owner of A-03 is Ofgem."


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
@pytest.mark.parametrize("between", ["\n\n", "\n"], ids=["apart", "close"])
def test_what_follows_an_attribution_is_quoted_in_any_language(attribution: str, between: str) -> None:
    marked = "\n".join(f"> {line}".rstrip() for line in THEIRS.splitlines())
    for quoted in (THEIRS, marked):
        found = own_words(f"{OWN}{between}{attribution}\n\n{quoted}\n")
        assert found.text == OWN
        assert "Ofgem" in found.cut
    below = own_words(f"{attribution}\n\n{marked}\n\n{OWN}\n")
    assert below.text == OWN


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_what_follows_the_headers_of_a_mail_is_quoted_in_any_language(headers: str) -> None:
    found = own_words(f"{OWN}\n\n{headers}\n\n{THEIRS}\n")
    assert found.text == OWN
    assert "Ofgem" in found.cut


SIGNATURES = [
    "Kind regards,\nHarriet",
    "Kind regards,\n\nHarriet Bassington\nLarge Supplier representative\nT: 020 7946 0000 |"
    " harriet.bassington@example.org",
    "Kind regards, Harriet",
    "Best wishes\nHarriet Bassington",
    "Many thanks,\nHarriet",
    "Thanks\n\nH",
    "Yours sincerely\n\nHarriet Bassington",
    "-- \nHarriet Bassington\nLarge Suppliers",
    "--\nHarriet",
    "Mit freundlichen Grüßen\n\nHarriet Bassington",
    "Cordialement,\nHarriet",
    "Sent from my iPhone",
    "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
    "Get Outlook for Android",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "-Harriet Bassington",
    "/Harriet",
    "Harriet Bassington",
    "Harriet",
    "Harriet Bassington\nHead of Settlement\n020 7946 0000\nwww.example.org",
    "Regards\nHarriet\n\nSent from my iPhone",
    "Regards,\nHarriet\n\nThis email and any attachments are confidential and intended solely for the use of the"
    " individual to whom "
    "they are addressed. If you are not the intended recipient, please delete it.",
    "Regards,\nHarriet\n\n________________________________\nThis message contains confidential information. If you"
    " have received this "
    "message in error, please tell us. Example Energy Ltd is registered in England, No. 1234567.",
    "Disclaimer\n\nThe information in this communication is confidential. If you are not the intended recipient,"
    " you are notified "
    "that any disclosure is prohibited.",
]  # fmt: skip


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("quoted", ["", "On Wed, 7 Feb 2024 at 10:00, PMO <pmo@example.org> wrote:\n\n> Dear all"])
def test_a_signature_is_cut_and_kept(signature: str, quoted: str) -> None:
    found = own_words(f"{OWN}\n\n{signature}\n\n{quoted}", sender_name="Harriet Bassington")
    assert found.text == OWN
    assert "".join(signature.split()) in "".join(found.cut.split())


# nothing of these is a signature, a quotation or a disclaimer: a request cut is a request lost
ALL_OWN = [
    "Thanks for the report.\n\nD-01 should read: the plan was approved.",
    "Thanks, I agree with most of it.\n\nPlease amend A-03 to name Elexon as owner.",
    "Thank you,\nbut D-01 is wrong: the plan was not approved.",
    "Please treat the figures in A-03 as confidential.",
    "In the report of 7 February 2024 you wrote:\n\n\"The plan was approved.\"\n\nThat should read: noted.",
    "As Harriet wrote in her e-mail, D-01 is wrong:\nthe plan was noted.",
    "From: 1 March 2024\nTo: 31 March 2025\nSeat: Large Supplier\nNominee: Jane Roe <jane@example.org>",
    "Meeting: PSG\nDate: 7 February 2024 10:00\nAlternate: Jane Roe, jane.roe@example.org",
    "Please note the following:\n\n1. D-01: replace \"approved\" with \"noted\"\n2. A-03: the owner is Elexon",
    "Comments on the report\n----------------------\n\nD-01: fine.\nD-02: should read noted.",
    "--- D-01 ---\nShould read: noted.\n\n--- D-02 ---\nShould read: deferred.",
    "Line: D-01\nCurrent text: The plan was approved\nProposed text: The plan was noted\nReason: see the recording"
    " at 00:41:10",
    "I sent from my side all the comments we have.",
    "The action was sent from my team to Elexon on 7 February.",
    "Agreed.\n\nJane Roe will attend in my place.",
    "Jane Roe\njane.roe@example.org\n\nis my alternate for PSG on 6 March.",
    "On 7 February the group agreed the following:\n\n- the plan is noted\n- the risk is accepted",
    "Two points.\n\n> 1 is more than 0, as they say",
    "Approved",
    "No comments",
    "Best option: leave D-01 as it is.",
    "Regarding A-03: I wrote to Elexon on 7 February 2024.",
    "Kind regards to all, and please add an item on testing to the agenda.",
    "Done",
]  # fmt: skip


@pytest.mark.parametrize("text", ALL_OWN)
def test_what_is_ones_own_is_not_cut(text: str) -> None:
    if text.startswith("Two points"):
        assert own_words(text).text == "Two points."  # a mark at the start of a line is a mark
        return
    assert words_of(own_words(text, sender_name="Harriet Bassington").text) == words_of(text)


def test_a_postscript_below_the_signature_is_the_writers() -> None:
    found = own_words(f"{OWN}\n\nKind regards,\nHarriet\n\nPS: D-02 is wrong, too.", sender_name="Harriet Bassington")
    assert found.text == f"{OWN}\n\nPS: D-02 is wrong, too."
    assert found.cut == "Kind regards,\nHarriet"


@pytest.mark.parametrize(
    "warning",
    [
        "CAUTION: This email originated from outside of the organisation. Do not click links unless you recognise"
        " the sender.",
        "[EXTERNAL]",
        "You don't often get email from harriet@example.org. Learn why this is important",
        "**EXTERNAL EMAIL**: this message was sent from outside",
    ],
)
def test_a_mail_servers_warning_on_top_is_no_word_of_the_writers(warning: str) -> None:
    found = own_words(f"{warning}\n\n{OWN}")
    assert (found.text, found.cut) == (OWN, warning)


def test_answers_between_quoted_lines_are_kept_with_what_they_answer() -> None:
    found = own_words(
        "Please see my answers.\n\nOn Wed, 7 Feb 2024 at 10:00, PMO <pmo@example.org> wrote:\n> D-01: The plan was"
        " approved.\n"
        "\nIt was noted.\n\n> A-03: Ofgem to publish.\nElexon, not Ofgem.\n\n> Kind regards\n> PMO\n"
    )
    assert [(a.to.splitlines()[-1], a.words) for a in found.answers] == [
        ("D-01: The plan was approved.", "It was noted."),
        ("A-03: Ofgem to publish.", "Elexon, not Ofgem."),
    ]
    assert found.text == "Please see my answers.\n\nIt was noted.\n\nElexon, not Ofgem."


def test_what_the_service_says_is_new_comes_first() -> None:
    """Graph's uniqueBody: the quotation has no mark that we know."""
    whole = f"{OWN}\n\nKind regards,\nHarriet\n\nPMO, some time ago, in an unheard-of form\n\n{THEIRS}"
    found = own_words(whole, unique_body=f"{OWN}\n\nKind regards,\nHarriet\n", sender_name="Harriet Bassington")
    assert found.text == OWN
    assert "Ofgem" in found.cut
    assert "Kind regards" in found.cut


@pytest.mark.parametrize(
    "text", ["", "\n\n", "> only\n> quoted", "On 7 Feb 2024, at 10:00, PMO <p@example.org> wrote:\n\nDear all"]
)
def test_a_mail_that_only_quotes_says_nothing(text: str) -> None:
    assert own_words(text).text == ""


def test_html_is_read_as_a_browser_shows_it() -> None:
    html = (
        "<html><head><title>no</title><style>p {}</style></head><body><div style='display:none'>hidden</div>"
        "<p>D-01&nbsp;should <b>read</b>\n noted.</p><blockquote style='margin:0 0 0 40px;border:none'>indented,"
        " but mine</blockquote>"
        "<ul><li>one</li><li>two</li></ul>end<br>of it<blockquote"
        " type='cite'><p>quoted</p><blockquote>deeper</blockquote></blockquote></body></html>"
    )
    assert text_of_html(html).split("\n") == [
        *["D-01 should read noted.", "", "indented, but mine", "", "one", "two", "", "end", "of it", ""],
        *["> quoted", ">", "> > deeper"],
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a<br></div><div>b</div>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("a<br>b<br><br>c<br><br><br>d", "a\nb\n\nc\n\nd"),
        (
            "<p class=MsoNormal>a</p><p class=MsoNormal>b</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>c</p>",
            "a\nb\n\nc",
        ),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<table><tr><td>a</td><td> b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\nb"),
    ],
)
def test_lines_end_where_a_browser_ends_them(html: str, text: str) -> None:
    assert text_of_html(html) == text


def test_html_is_shown_without_what_could_do_harm() -> None:
    shown = shown_html(
        "<p onclick='x()' style='position:fixed'>Hello <b>you</b><script>alert(1)</script><img"
        " src='https://t.example/p.gif'>"
        "<a href='javascript:x()'>a</a><a href='https://example.org'>b</a><iframe src=x></iframe><form"
        " action=/x><input></form></p>"
    )
    assert "<b>you</b>" in shown
    assert 'href="https://example.org"' in shown
    for harm in ("script", "onclick", "style", "img", "iframe", "form", "input"):
        assert harm not in shown


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "On Wed " * 20_000, "\n" * 50_000 + "x", ">" * 50_000, "> a\n" * 50_000, "a " * 200_000, "On Wed\n" * 20_000,
        "From:"
        " x@y.z\n" * 20_000, "Regards,\n" * 20_000, "- " * 100_000, "_" * 100_000, "Re: " * 30_000, "a@b.c\n"
        "\n" * 20_000,
        "On 7 Feb 2024 " * 5_000 + "wrote:", "(" * 100_000, "\u200b" * 100_000, "Thanks,\nA b\n\n" * 10_000,
        f"x\n\nRegards,\n{'A' * 100_000}", "Jane\n" + "A" * 100_000, f"x\n\nA\n{'a.' * 50_000}", "> " + "A" * 100_000,
    ],
)  # fmt: skip
def test_no_mail_takes_long(text: str) -> None:
    own_words(text)
    own_words("", unique_body=text)
