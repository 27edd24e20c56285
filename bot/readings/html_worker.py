"""Reads a large web page in a process of its own: ``python -m bot.readings.html_worker``.

Its standard input has the page's address on the first line and the page below, in UTF-8.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.readings.confined import serve
from bot.readings.html import article


def read(body: bytes) -> Mapping[str, object]:
    url, _, text = body.decode("utf-8", "replace").partition("\n")
    return article(text, url)


if __name__ == "__main__":
    serve(read)
