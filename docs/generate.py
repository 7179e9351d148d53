"""Writes the pages of docs/reference that come from the code: `python -m docs.generate`; `--check`: is one stale?

Each file of docs/generators brings some: a function `pages() -> dict[str, str]`, path below docs/reference -> text.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

DOCS = Path(__file__).parent
REFERENCE = DOCS / "reference"
MARK = "<!-- Written by `make docs` from the code: change the code, not this page. -->\n"


def pages() -> dict[Path, str]:
    """Every generated page, by where it belongs."""
    found: dict[Path, str] = {}
    for source in sorted((DOCS / "generators").glob("[!_]*.py")):
        generator = importlib.import_module(f"docs.generators.{source.stem}")
        for name, text in generator.pages().items():
            found[REFERENCE / name] = MARK + "\n" + text.strip() + "\n"
    return found


def written() -> dict[Path, str]:
    """The generated pages that are there now."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(REFERENCE.rglob("*.md"))}
    return {path: text for path, text in texts.items() if text.startswith(MARK)}


def main(arguments: list[str]) -> int:
    wanted, there = pages(), written()
    stale = sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(DOCS.parent)} is stale: run `make docs`", file=sys.stderr)
        return int(bool(stale))
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
