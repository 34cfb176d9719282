"""Makes bot/common_words.txt.gz from SCOWL's word lists: everyday words and known names, without what endings make.

    python benchmarks/common_words.py /usr/share/dict/american-english /usr/share/dict/british-english

The lists are those of Debian's packages wamerican and wbritish (docs/notices/scowl.txt).
"""

from __future__ import annotations

import gzip
import sys
import unicodedata
from pathlib import Path

from bot.common_words import is_made_of

OUT = Path(__file__).parent.parent / "bot/common_words.txt.gz"


def main() -> None:
    """Read the lists that are named, and write ours."""
    words = {_plain(line) for name in sys.argv[1:] for line in Path(name).read_text(encoding="utf-8").splitlines()}
    words = {word for word in words if len(word) > 1 and word.isalpha()}
    everyday = {word for word in words if word.islower()}
    names = {word for word in words if word[0].isupper() and word.lower() not in everyday}
    bases: set[str] = set()
    for word in sorted(everyday, key=len):
        if not is_made_of(word, bases):
            bases.add(word)
    text = "".join(f"{word}\n" for word in [*sorted(bases), *sorted(names)])
    OUT.write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))


def _plain(word: str) -> str:
    bare = unicodedata.normalize("NFD", word.strip().replace("'s", ""))
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).replace("'", "")


if __name__ == "__main__":
    main()
