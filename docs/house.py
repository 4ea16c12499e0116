"""Draw the rooms of the house from the imports as they are: docs/images/house.svg.

python docs/house.py
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "house.svg"
# Where each room stands on its floor, in widths: no arrow runs behind a room that it has nothing to do with.
PLACES = {
    "pages": 3.2, "report": 3.2, "flywheel": 3.2, "generate": 4.4,
    "collect": 0.6, "annotate": 2.2, "train": 3.8, "evaluate": 5.4,
    "neighbours": 0.05, "statistics": 1.15, "progress": 5.4,
    "dataset": 3.4, "split": 2.9, "roles": 4.1, "schema": 4.3, "ids": 3.4, "content": 3.2,
    "memory": 1.1, "settings": 1.1, "errors": 2.2, "wording": 0.45,
}  # fmt: skip
WIDE, ROOM, HIGH, STEP, MARGIN = 132, 108, 34, 62, 16
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #0b131b; text-anchor: middle }
  rect { fill: #e7f3f6; stroke: #1691ad } line { stroke: #7d8794; stroke-width: 1.5 } path { fill: #7d8794 }
  @media (prefers-color-scheme: dark) { text { fill: #e4eaf0 } rect { fill: #12303a } }
"""


def layers() -> list[list[str]]:
    """The rooms, floor by floor from the top, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    floors = next(each["layers"] for each in contracts if each.get("containers") == ["core"])
    return [["pages"], *([room.strip(" ()") for room in floor.split("|")] for floor in floors)]


def imports() -> dict[str, set[str]]:
    """Which rooms each room imports from."""
    rooms = {room for floor in layers() for room in floor}
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        room = parts[0] if parts[0] == "pages" else parts[1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [f"core.{alias.name}" for alias in node.names] if names == ["core"] else []
            for name in names:
                other = name.split(".")[1] if name.startswith("core.") else ""
                if other in rooms and other != room:
                    found[room].add(other)
    return found


def arrows(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The imports without those that follow from others: who imports what a room imports may import from it as well."""

    def reached(room: str) -> set[str]:
        return {further for other in found[room] for further in {other} | reached(other)}

    return sorted(
        (room, other)
        for room, others in found.items()
        for other in others
        if not any(other in reached(between) for between in others - {other})
    )


def picture() -> str:
    """The rooms as boxes, floor below floor, with an arrow from who imports to what is imported."""
    floors = layers()
    width = WIDE * max(PLACES.values()) + ROOM + 2 * MARGIN
    middle = {
        room: (MARGIN + ROOM / 2 + WIDE * PLACES[room], MARGIN + number * STEP + HIGH / 2)
        for number, floor in enumerate(floors)
        for room in floor
    }
    lines = []
    for room, other in arrows(imports()):
        (x, y), (to_x, to_y) = middle[room], middle[other]
        lines.append(f'<line x1="{x:g}" y1="{y + HIGH / 2:g}" x2="{to_x:g}" y2="{to_y - HIGH / 2 - 6:g}"/>')
        lines.append(f'<path d="M{to_x:g} {to_y - HIGH / 2:g}l-5-9h10z"/>')
    for room, (x, y) in middle.items():
        lines.append(
            f'<rect x="{x - ROOM / 2:g}" y="{y - HIGH / 2:g}" width="{ROOM}" height="{HIGH}" rx="5"/>'
            f'<text x="{x:g}" y="{y + 5:g}">{room}</text>'
        )
    height = MARGIN + (len(floors) - 1) * STEP + HIGH + MARGIN
    said = "Rooms of the house, top to bottom: " + "; ".join(", ".join(floor) for floor in floors)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" role="img" '
        f'aria-label="{said}"><style>{STYLE}</style>\n' + "\n".join(lines) + "\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
