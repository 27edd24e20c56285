"""PDFs for the tests: honest ones by reportlab, and hostile ones written out by hand."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
MARGIN, LEADING, SIZE = 60.0, 13.0, 10.5
_TEXT = (
    "the river carries what the town has forgotten and every spring its people count the bridges"
    " again because a flood takes one of them while others only lose their paint so that nobody"
    " can say how long they will stand or who should pay for mending them before winter comes"
)
_WORDS = _TEXT.split()


def sentences(count: int, seed: int = 1) -> list[str]:
    """Sentences that differ from each other, the same ones for the same seed."""
    return [_sentence(1000 * seed + number) for number in range(count)]


def _sentence(number: int) -> str:
    chosen = [zlib.crc32(b"%d %d" % (number, place)) for place in range(8 + number % 11)]
    return " ".join(_WORDS[each % len(_WORDS)] for each in chosen).capitalize() + "."


def wrapped(text: str, width: float, font: str = "Times-Roman", size: float = SIZE) -> list[str]:
    lines, current = [], ""
    for word in text.split():
        longer = f"{current} {word}".strip()
        if stringWidth(longer, font, size) > width:
            lines.append(current)
            longer = word
        current = longer
    return [*lines, current]


class Pdf:
    """A PDF being drawn: every call draws at the cursor and moves it down."""

    def __init__(self, title: str = "", author: str = "", password: str = "") -> None:
        self._file = io.BytesIO()
        encryption = StandardEncryption(password, strength=128) if password else None
        self._canvas = Canvas(self._file, pagesize=A4, encrypt=encryption, invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self.y = HEIGHT - MARGIN

    def line(
        self, text: str, *, x: float = MARGIN, size: float = SIZE, font: str = "Times-Roman"
    ) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, self.y, text)
        self.y -= size * LEADING / SIZE

    def heading(self, text: str, size: float = 15.0) -> None:
        self.y -= 10
        self.line(text, size=size, font="Helvetica-Bold")
        self.y -= 4

    def paragraph(self, text: str, *, x: float = MARGIN, width: float = WIDTH - 2 * MARGIN) -> None:
        for line in wrapped(text, width):
            self.line(line, x=x)
        self.y -= LEADING / 2

    def at(self, x: float, y: float, text: str, size: float = SIZE) -> None:
        self._canvas.setFont("Times-Roman", size)
        self._canvas.drawString(x, y, text)

    def white(self, text: str) -> None:
        self._canvas.setFillColorRGB(1, 1, 1)
        self.paragraph(text)
        self._canvas.setFillColorRGB(0, 0, 0)

    def picture(self) -> None:
        from PIL import Image

        grey = Image.effect_noise((400, 500), 60)
        self._canvas.drawImage(ImageReader(grey), 0, 0, width=WIDTH, height=HEIGHT)

    def page(self) -> None:
        self._canvas.showPage()
        self.y = HEIGHT - MARGIN

    def done(self) -> bytes:
        self._canvas.save()
        return self._file.getvalue()


def paper(pages: int) -> bytes:
    """A plain paper: title, numbered sections, running heads and page numbers."""
    pdf = Pdf("On Rivers and Bridges", "Jane Doe")
    for page in range(pages):
        pdf.at(MARGIN, HEIGHT - 30, "Proceedings of the River Society", 8)
        pdf.at(WIDTH / 2, 25, str(page + 1), 8)
        if page == 0:
            pdf.heading("On Rivers and Bridges", 20)
        pdf.heading(f"{page + 1} Part number {page + 1}")
        for part in range(5):
            pdf.paragraph(" ".join(sentences(7, seed=100 * page + part)))
        pdf.page()
    return pdf.done()


def written(objects: Sequence[bytes], root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1, with a right cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        *(len(objects) + 1, root, start),
    )
    return bytes(out)


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_ONE_PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), entries, data)


def _page(resources: bytes = b"") -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>%b>>>>" % resources
    )


def deflated(block: bytes, times: int) -> bytes:
    """Deflate data of ``times`` blocks, of which only two were ever compressed."""
    packer = zlib.compressobj(9)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (times - 1) + packer.flush()


def bomb(gibibytes: int = 4) -> bytes:
    """A page whose content unpacks to gibibytes."""
    content = deflated(b"BT /F 9 Tf (a) Tj ET\n" * 50_000, gibibytes * 1024)
    flate = stream(content, b"/Filter/FlateDecode")
    return written([_CATALOG, _ONE_PAGE, _page(), flate, _FONT])


def nested_bomb() -> bytes:
    """The same, packed three times over: a few kilobytes."""
    content = zlib.compress(zlib.compress(deflated(bytes(1 << 20), 4096)))
    flate = stream(content, b"/Filter[/FlateDecode/FlateDecode/FlateDecode]")
    return written([_CATALOG, _ONE_PAGE, _page(), flate, _FONT])


def page_loop() -> bytes:
    """A page tree that contains itself."""
    looped = b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000/Parent 2 0 R>>"
    return written([_CATALOG, looped])


def burner(levels: int = 12) -> bytes:
    """Forms that draw the next form twenty times each: 20 ** 12 drawings."""
    forms = []
    for level in range(levels):
        after = 6 + level + 1
        entries = (
            b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</F 5 0 R>>"
            b"/XObject<</X %d 0 R>>>>" % after
        )
        forms.append(stream(b"/X Do " * 20, entries))
    last = stream(
        b"BT /F 9 Tf (a) Tj ET " * 20,
        b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</F 5 0 R>>>>",
    )
    page = _page(b"/XObject<</X 6 0 R>>")
    return written([_CATALOG, _ONE_PAGE, page, stream(b"/X Do " * 20), _FONT, *forms, last])


def slow_text() -> bytes:
    """Two hundred million letters to place one by one, in half a megabyte."""
    content = deflated(b"BT /F 9 Tf 1 0 0 1 9 9 Tm " + b"(abcdefgh) Tj " * 20_000 + b"ET\n", 1250)
    flate = stream(content, b"/Filter/FlateDecode")
    return written([_CATALOG, _ONE_PAGE, _page(), flate, _FONT])


def one_page_of_two() -> bytes:
    """Its second page isn't there."""
    pages = b"<</Type/Pages/Kids[3 0 R 99 0 R]/Count 2>>"
    text = b"BT /F 12 Tf 60 700 Td (Each page says that the bridge is closed today.) Tj ET"
    return written([_CATALOG, pages, _page(), stream(text), _FONT])


def private_letters() -> bytes:
    """Its font says of every letter that it is one of its own invention (U+E000 and on)."""
    cmap = b"1 begincodespacerange <00> <FF> endcodespacerange\n"
    cmap += b"1 beginbfrange <00> <FF> <E000> endbfrange"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    text = b"BT /F 12 Tf 60 700 Td (Each page says that the bridge is closed today.) Tj ET"
    return written([_CATALOG, _ONE_PAGE, _page(), stream(text), font, stream(cmap)])


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (6 + number) for number in range(count))
    pages = b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count)
    text = b"BT /F 12 Tf 60 700 Td (Each page says that the bridge is closed today.) Tj ET"
    return written([_CATALOG, pages, b"null", stream(text), _FONT, *[_page()] * count])
