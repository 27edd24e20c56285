"""The demo's console as an SVG picture that loads nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console

_FONT_FACE = re.compile(r"\s*@font-face \{[^}]*\}")
_BLANK = re.compile(r"<text [^>]*>(?:&#160;)*</text>")
_SET_IN = re.compile(
    r'x="(?P<x>[0-9.]+)" (?P<y>y="[0-9.]+") textLength="(?P<length>[0-9.]+)" '
    r"(?P<rest>[^>]*>)(?P<blanks>(?:&#160;)+)"
)
_COLUMN = 12.2  # how wide rich draws a character


def draw(console: Console, path: Path) -> None:
    """Write what a recording console has shown.

    Rich's own template fetches its font from a content network; a picture in a README should not,
    so the reader's monospace font takes its place.
    """
    svg = console.export_svg(title="readalong demo", unique_id="readalong-demo")
    svg = _FONT_FACE.sub("", svg).replace("Fira Code, monospace", "'Fira Code', monospace")
    svg = _SET_IN.sub(_moved, _BLANK.sub("", svg))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")


def _moved(text: re.Match[str]) -> str:
    """Some viewers leave out blanks that a text begins with; it begins further right instead."""
    by = _COLUMN * text["blanks"].count("&#160;")
    x, length = float(text["x"]) + by, float(text["length"]) - by
    return f'x="{x:g}" {text["y"]} textLength="{length:g}" {text["rest"]}'
