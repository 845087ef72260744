"""Make `xling/data/han-simplified.txt` from OpenCC's TSCharacters.txt.

    python tools/make_han_table.py .../opencc/dictionary/TSCharacters.txt

The dictionary lies in https://github.com/BYVoid/OpenCC and in the wheel of `opencc-python-reimplemented`. Each line is
a traditional character, a tab, and its simplified forms, the usual one first. Characters that stand for themselves,
and those of NFKC's compatibility forms, are left out.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

TABLE = Path(__file__).parents[1] / "xling" / "data" / "han-simplified.txt"


def main(dictionary: str) -> None:
    forms: dict[str, str] = {}
    for line in Path(dictionary).read_text("utf-8").splitlines():
        traditional, _, simplified = line.partition("\t")
        first = simplified.split(" ")[0]
        if len(traditional) == len(first) == 1 and traditional == unicodedata.normalize("NFKC", traditional):
            forms[traditional] = first
    for traditional, simplified in forms.items():
        seen = {traditional}
        while simplified in forms and simplified not in seen:  # a form that has a simpler one itself
            seen.add(simplified)
            simplified = forms[simplified]
        forms[traditional] = simplified
    pairs = sorted((t, s) for t, s in forms.items() if t != s)
    TABLE.write_text("".join(t for t, _ in pairs) + "\n" + "".join(s for _, s in pairs) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
