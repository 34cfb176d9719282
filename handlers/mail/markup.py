"""A mail's HTML: as text, with what it quotes marked by `>`; and as HTML that is safe to show. Pure."""

from __future__ import annotations

import re
import warnings

import nh3
from bs4 import BeautifulSoup, ParserRejectedMarkup
from bs4.element import NavigableString, Tag

MOST_CHARACTERS = 1_000_000  # of HTML that are read as text; nobody wrote more by hand
LINES = ("div", "li", "tr")  # what a browser puts on a line of its own; and with space around it:
PARAGRAPHS = ("p", "table", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6")
LINE, PARAGRAPH = "\x01", "\x02"  # marks for where those begin and end, until they become line ends
BETWEEN = re.compile(r"[ \xa0]*[\x01\x02\n][\s\xa0\x01\x02]*")
EMPTY_LINE = re.compile(r"\x01[ \xa0]*(\n|\xa0)")
UNSEEN = ("script", "style", "head", "title", "template", "noscript")
HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
INDENTED_ONLY = re.compile(r"border\s*:\s*(none|0)", re.IGNORECASE)  # how mailers indent one's own paragraph
QUOTING = re.compile(r"yahoo_quoted|moz-forward-container|OLK_SRC_BODY_SECTION", re.IGNORECASE)
RULE = "_" * 32
NESTING = re.compile(r"<(/?)(?:div|span|blockquote|table|font|section|center|b|i|em|strong|u)\b", re.IGNORECASE)
DEEPEST = 1_000
SHOWN_TAGS = frozenset(
    (
        *(
            "a",
            "b",
            "blockquote",
            "br",
            "code",
            "div",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "li",
            "ol",
            "p",
        ),
        *("pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
    )
)
SHOWN_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}


def shown_html(html: str) -> str:
    """HTML that may stand on our page: no script, style, form, or image (an image tells its sender who has looked)."""
    return nh3.clean(
        html[:MOST_CHARACTERS],
        tags=set(SHOWN_TAGS),
        attributes={tag: set(names) for tag, names in SHOWN_ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def text_of_html(html: str) -> str:
    """Line ends where a browser shows them: a word in bold does not end one, a paragraph does. Quotes get a `> `.

    Raises UnreadableMarkup where a parser refuses it.
    """
    html = html[:MOST_CHARACTERS]
    if _depth(html) > DEEPEST:
        html = nh3.clean(html, tags={"br"}, attributes={})  # nobody wrote that, and it takes long
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # that it looks like XML, or a file's name
            soup = BeautifulSoup(html, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise UnreadableMarkup(type(error).__name__) from None
    _drop_unseen(soup)
    for words in soup.find_all(string=True):
        if type(words) is NavigableString and words.find_parent("pre") is None:
            words.replace_with(re.sub(r"[^\S\xa0]+", " ", words))
    for line_end in soup.find_all("br"):
        line_end.replace_with("\n")
    for rule in soup.find_all("hr"):
        rule.replace_with(f"{LINE}{RULE}{LINE}")
    for block in soup.find_all((*LINES, *PARAGRAPHS)):
        mark = LINE if block.name in LINES or _is_of_word(block) else PARAGRAPH
        block.insert(0, mark)
        block.append(mark)
    _mark_quotes(soup)
    return _tidy(soup.get_text())


def _depth(html: str) -> int:
    """How deep elements are nested at most."""
    deepest = depth = 0
    for found in NESTING.finditer(html):
        depth = max(0, depth + (-1 if found[1] else 1))
        deepest = max(deepest, depth)
    return deepest


def _is_of_word(block: Tag) -> bool:
    """Outlook writes each line as `<p class=MsoNormal>`, without space around it."""
    return block.name == "p" and any(str(name).startswith("Mso") for name in block.get_attribute_list("class"))


class UnreadableMarkup(ValueError):
    """HTML that no parser takes."""


def _drop_unseen(soup: BeautifulSoup) -> None:
    hidden = soup.find_all(style=HIDDEN)
    for tag in [*soup.find_all(UNSEEN), *hidden]:
        tag.decompose()


def _mark_quotes(soup: BeautifulSoup) -> None:
    """The innermost first, so that a quote within a quote gets `> > `."""
    for tag in reversed(soup.find_all(_quotes)):
        text = _tidy(tag.get_text())
        tag.string = PARAGRAPH + "\n".join(f"> {line}".rstrip() for line in text.splitlines()) + PARAGRAPH


def _quotes(tag: Tag) -> bool:
    marked = " ".join([*tag.get_attribute_list("class"), *tag.get_attribute_list("id")] if tag.attrs else [])
    if tag.name == "blockquote":
        return not INDENTED_ONLY.search(str(tag.get("style", "")))
    return bool(QUOTING.search(marked))


def _tidy(text: str) -> str:
    """Line ends for the marks, lines without space around them, and never two empty ones in a row."""
    lines = BETWEEN.sub(_line_ends, text).replace("\xa0", " ").split("\n")
    return "\n".join(line.strip() for line in lines).strip("\n")


def _line_ends(found: re.Match[str]) -> str:
    between = found[0]
    is_apart = PARAGRAPH in between or between.count("\n") > 1 or EMPTY_LINE.search(between)
    return "\n\n" if is_apart else "\n"
