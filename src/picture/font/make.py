"""Makes the two font files and widths.rs beside this file out of Noto Sans.

    pip install fonttools
    python make.py NotoSans-Regular.ttf NotoSans-Bold.ttf

What is kept: what Russian, Ukrainian and English are written with, other Latin and Cyrillic letters,
and the signs of our texts. Layout but kerning, and hinting, go: nobody rasterises by them.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
KEPT = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *range(0x400, 0x500),
    *range(0x2010, 0x2016),
    *range(0x2018, 0x2020),
    *map(ord, "…•′″‹›⁄€₴₽№™−≈≤≥×·ʼ"),
]


def make(source, name):
    options = subset.Options(hinting=False, layout_features=["kern", "mark", "ccmp"], notdef_outline=True)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=KEPT)
    subsetter.subset(font)
    # A date would make every making differ.
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(HERE / name)
    return TTFont(HERE / name)


def widths(font):
    advances, names = font["hmtx"].metrics, font.getBestCmap()
    assert font["head"].unitsPerEm == 1000
    return {code: advances[names[code]][0] for code in sorted(names)}


def runs(widths):
    """First and last character of equal width."""
    found = []
    for code, width in widths.items():
        if found and found[-1][1] == code - 1 and found[-1][2] == width:
            found[-1][1] = code
        else:
            found.append([code, code, width])
    return found


def table(name, widths):
    rows = [f"({a:#05x}, {b:#05x}, {w})," for a, b, w in runs(widths)]
    rows = "".join(f"    {' '.join(rows[n : n + 4])}\n" for n in range(0, len(rows), 4))
    return f"pub(in crate::picture) const {name}: &[(u32, u32, u16)] = &[\n{rows}];\n"


regular, bold = (make(path, name) for path, name in zip(sys.argv[1:3], ["regular.ttf", "bold.ttf"]))
text = f'''//! PURE. How wide the letters of the two fonts are. Made by `make.py`: do not edit.
//!
//! First and last character, and the width of each between them, in thousandths of the size.

#[rustfmt::skip]
{table("REGULAR", widths(regular))}
#[rustfmt::skip]
{table("BOLD", widths(bold))}'''
(HERE / "widths.rs").write_text(text)
