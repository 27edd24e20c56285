"""The demo's console as an SVG picture that loads nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console

_FONT_FACE = re.compile(r"\s*@font-face \{[^}]*\}")


def draw(console: Console, path: Path) -> None:
    """Write what a recording console has shown.

    Rich's own template fetches its font from a content network; a picture in a README should not,
    so the reader's monospace font takes its place.
    """
    svg = console.export_svg(title="readalong demo", unique_id="readalong-demo")
    svg = _FONT_FACE.sub("", svg).replace("Fira Code, monospace", "'Fira Code', monospace")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")
