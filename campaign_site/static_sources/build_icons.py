"""Build `icons.svg`, the one sprite, from the icons named in `icons.txt`.

npm pack lucide-static@1.62.0 && tar xf lucide-static-1.62.0.tgz
python campaign_site/static_sources/build_icons.py package
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
SPRITE = HERE.parent / "static" / "campaign_site" / "icons.svg"
SHAPES = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.S)


def main(package: Path) -> None:
    names = (HERE / "icons.txt").read_text(encoding="utf-8").split()
    notice = re.sub("--+", "—", (package / "LICENSE").read_text(encoding="utf-8").strip())
    symbols = "\n".join(symbol(name, package) for name in names)
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n<!-- Lucide icons\n\n{notice}\n-->\n{symbols}\n</svg>\n'
    SPRITE.write_text(sprite, encoding="utf-8")


def symbol(name: str, package: Path) -> str:
    found = SHAPES.search((package / "icons" / f"{name}.svg").read_text(encoding="utf-8"))
    assert found, name
    shapes = "".join(line.strip() for line in found[1].splitlines())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


if __name__ == "__main__":
    main(Path(sys.argv[1]))
