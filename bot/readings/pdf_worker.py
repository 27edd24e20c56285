"""Reads a PDF in a process of its own: ``python -m bot.readings.pdf_worker``.

The bytes come on its standard input and one JSON object goes out: the text as Markdown with what
the file says of itself, or a word for why there is none. PDFium is native code on strangers' files,
so nothing else of the bot runs here, and nothing here is ever imported by it.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.readings.confined import serve
from bot.readings.pdf_layout import GAP, Piece, flows
from bot.readings.pdf_paragraphs import markdown

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

MAX_PAGES = 300
MAX_CHARACTERS = 3_000_000  # of all pages together
_MAX_PAGE_CHARACTERS = 100_000
_WITHOUT_TEXT = 20  # characters on a page that has no text to speak of
_BOLD = 600  # font weight
_HYPHEN = "\x02"  # what PDFium makes of a hyphen at a line's end


def read(body: bytes) -> Mapping[str, object]:
    """The answer for the PDF ``body``: "text" and more, or "refused" with a word."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(body)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD
        return {"refused": "encrypted" if locked else "broken"}
    pages = len(document)
    found = list(_pages(document, min(pages, MAX_PAGES)))
    refused = _refused(found)
    if refused:
        return {"refused": refused}
    text, title, cut = markdown(flows([page.pieces for page in found]), MAX_CHARACTERS)
    if not text:
        return {"refused": "empty"}
    return {
        "text": text,
        "heading": title,
        "about": document.get_metadata_dict(skip_empty=True),
        "pages": pages,
        "read": len(found),
        "bare": sum(page.bare for page in found),
        "broken": sum(page.broken for page in found),
        "cut": cut,
    }


@dataclass(frozen=True, slots=True)
class _Page:
    """A page's text; ``bare``: it has pictures instead; ``broken``: it could not be read."""

    pieces: Sequence[Piece] = ()
    bare: bool = False
    broken: bool = False

    @property
    def letters(self) -> int:
        return sum(len(piece.text) - piece.text.count(" ") for piece in self.pieces)


def _refused(found: Sequence[_Page]) -> str:
    letters = sum(page.letters for page in found)
    if all(page.broken for page in found):
        return "broken"
    if any(page.bare for page in found) and letters < _WITHOUT_TEXT * len(found):
        return "scanned"
    if letters == 0:
        return "empty"
    counts = Counter("".join(piece.text for page in found for piece in page.pieces))
    odd = sum(count for char, count in counts.items() if _odd(char))
    return "garbled" if odd > 0.3 * letters else ""


def _odd(char: str) -> bool:
    """Whether it means nothing to a reader: a font's own code, which it gives no letter for."""
    if char == _HYPHEN:
        return False
    return char == "\ufffd" or unicodedata.category(char) in {"Co", "Cn", "Cc"}


def _pages(document: PdfDocument, count: int) -> Iterator[_Page]:
    import pypdfium2 as pdfium

    total = 0
    for number in range(count):
        try:
            page = document[number]
            text = page.get_textpage()
        except pdfium.PdfiumError:
            yield _Page(broken=True)
            continue
        found = _Page(_upright(list(_pieces(text))))
        total += found.letters
        if found.letters < _WITHOUT_TEXT and _has_image(page):
            found = replace(found, bare=True)
        text.close()
        page.close()
        yield found
        if total > MAX_CHARACTERS:
            return


def _has_image(page: PdfPage) -> bool:
    import pypdfium2.raw as raw

    return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


# A piece and in which of four directions it is written, -1 for one askew.
_Placed = tuple[Piece, int]


def _upright(placed: Sequence[_Placed]) -> list[Piece]:
    """The pieces written in the page's main direction, turned so that they read upright.

    What stands across it is a stamp, a watermark or an axis's label.
    """
    lengths = [0, 0, 0, 0]
    for piece, direction in placed:
        if direction >= 0:
            lengths[direction] += len(piece.text)
    main = lengths.index(max(lengths))
    return [_turned(piece, main) for piece, direction in placed if direction == main]


def _turned(piece: Piece, direction: int) -> Piece:
    """Where the piece stands on a page that is turned; it is a word then, long by its letters."""
    if direction == 0:
        return piece
    long = piece.size * 0.45 * len(piece.text)
    x, y = {1: (piece.y, -piece.x0), 2: (-piece.x0, -piece.y), 3: (-piece.y, piece.x0)}[direction]
    return Piece(piece.text, x, x + long, y, piece.size, piece.bold)


def _pieces(page: PdfTextPage) -> Iterator[_Placed]:
    """Words gathered to pieces as long as they stand on one line without a wide gap."""
    page_text = _Characters(page)
    gathered: list[str] = []
    first = last = 0
    x0 = x1 = y = size = 0.0
    for start, end in page_text.words():
        left, baseline = page_text.origin(start)
        apart = left - x1 > GAP * size or left < x0 - size or abs(baseline - y) > 0.12 * size
        if gathered and (apart or page_text.ends_line(last, start)):
            yield page_text.piece(gathered, (first, last), (x0, x1, y), size)
            gathered = []
        if not gathered:
            first, x0, y, size = start, left, baseline, page_text.size(start)
        gathered.append(page_text.text(start, end))
        last, x1 = end - 1, page_text.right(end - 1)
    if gathered:
        yield page_text.piece(gathered, (first, last), (x0, x1, y), size)


class _Characters:
    """One page's characters by index, as PDFium counts them."""

    def __init__(self, page: PdfTextPage) -> None:
        import pypdfium2.raw as raw

        self._raw: Any = raw  # generated bindings, whose types say nothing
        self._page = page
        count = min(page.count_chars(), _MAX_PAGE_CHARACTERS)
        codes = (raw.FPDFText_GetUnicode(page, index) for index in range(count))
        self._chars = [chr(code) if 0 < code < 0x110000 else "\ufffd" for code in codes]

    def words(self) -> Iterator[tuple[int, int]]:
        """Start and end of each run without space; a hyphen at a line's end ends one too."""
        start = None
        for index, char in enumerate(self._chars):
            if start is None and not char.isspace():
                start = index
            elif start is not None and char.isspace():
                yield start, index
                start = None
            if start is not None and char == _HYPHEN:
                yield start, index + 1
                start = None
        if start is not None:
            yield start, len(self._chars)

    def ends_line(self, last: int, start: int) -> bool:
        """PDFium writes a line's end as CR LF; a CR alone is some font's own sign."""
        return self._chars[last] == _HYPHEN or "\n" in self._chars[last + 1 : start]

    def text(self, start: int, end: int) -> str:
        return "".join(self._chars[start:end])

    def origin(self, index: int) -> tuple[float, float]:
        x, y = ctypes.c_double(), ctypes.c_double()
        self._raw.FPDFText_GetCharOrigin(self._page, index, x, y)
        return x.value, y.value

    def right(self, index: int) -> float:
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        self._raw.FPDFText_GetCharBox(self._page, index, left, right, bottom, top)
        return right.value

    def size(self, index: int) -> float:
        """As it is shown: the font's size may be 1 and the matrix do the rest."""
        matrix = self._matrix(index)
        scale = math.hypot(matrix.c, matrix.d) or 1.0
        size: float = abs(self._raw.FPDFText_GetFontSize(self._page, index)) * scale
        return size if 0.5 < size < 1000 else 10.0

    def piece(
        self,
        words: Sequence[str],
        within: tuple[int, int],
        at: tuple[float, float, float],
        size: float,
    ) -> _Placed:
        first, last = within
        middle = (first + last) // 2
        while middle > first and self._chars[middle].isspace():
            middle -= 1
        text = " ".join(words).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        bold = all(self._bold(index) for index in (first, middle, last))
        piece = Piece(text, at[0], max(at[0], at[1]), at[2], size, bold)
        return piece, self._direction(middle)

    def _direction(self, index: int) -> int:
        matrix = self._matrix(index)
        quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
        return round(quarters) % 4 if abs(quarters - round(quarters)) < 0.1 else -1

    def _matrix(self, index: int) -> Any:
        matrix = self._raw.FS_MATRIX()
        self._raw.FPDFText_GetMatrix(self._page, index, matrix)
        return matrix

    def _bold(self, index: int) -> bool:
        if self._raw.FPDFText_GetFontWeight(self._page, index) >= _BOLD:
            return True
        name = ctypes.create_string_buffer(128)
        flags = ctypes.c_int()
        self._raw.FPDFText_GetFontInfo(self._page, index, name, 128, flags)
        return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy", b"cmbx"))


if __name__ == "__main__":
    serve(read)
