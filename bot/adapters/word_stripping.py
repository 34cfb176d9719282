"""What no issued document carries: Word comments, such as a colleague left in the template."""

from __future__ import annotations

from docx.document import Document as WordFile
from docx.oxml.ns import qn

_MARKS = ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference")
_OF_COMMENTS = ("/comments", "/commentsExtended", "/commentsIds", "/commentsExtensible", "/people")


def strip_comments(document: WordFile) -> None:
    """Take every comment out of the document: its marks, its part, and the parts that say who wrote it."""
    for part in document.part.package.iter_parts():
        element = getattr(part, "element", None)
        if element is None or not str(part.partname).startswith("/word/"):
            continue
        for mark in [mark for name in _MARKS for mark in element.iter(qn(name))]:
            mark.getparent().remove(mark)
    relations = document.part.rels
    for key in [key for key, rel in relations.items() if rel.reltype.endswith(_OF_COMMENTS)]:
        del relations[key]  # a part that nothing points to is not written
