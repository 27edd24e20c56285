"""What a fetched body really is: a web page, a PDF, Markdown or plain text, and in which encoding.

The body's own bytes decide. What the server says of it (its Content-Type) and what its path ends
with only choose between kinds of text. It decodes nothing for good and parses nothing.
"""

from __future__ import annotations

import codecs
import re

from bot.domain.errors import ReadingError

HTML, PDF, MARKDOWN, TEXT = "text/html", "application/pdf", "text/markdown", "text/plain"

_PDF_MARK = b"%PDF-"
_HEAD = 1024  # bytes that are looked at for a mark, as PDF readers and HTML parsers do
_BEGINNING = 64 * 1024  # bytes that tell a kind of text; templates leave much space before a page
_MARKS = (  # UTF-32 before UTF-16, whose mark it begins with
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:-]{0,39}")
# Encodings of text that people write in; Python knows others, some of which are slow or no text.
_CODEC = re.compile(
    r"ascii|utf-8|utf-16(?:-[bl]e)?|iso8859-\d+|cp\d{3,4}|koi8-[ru]|mac-roman|tis-620"
    r"|gb2312|gbk|gb18030|big5(?:hkscs)?|shift_jis|euc_(?:jp|kr)|iso2022_(?:jp|kr)"
)
_META = re.compile(rb"<meta[^<>]{1,300}?charset\s*=\s*[\"']?\s*([a-z0-9._:-]{1,40})", re.IGNORECASE)

_SPACE_AND_COMMENTS = re.compile(rb"(?:\s|<!--.{0,20000}?-->|<\?xml[^<>]{0,300}\?>)*", re.DOTALL)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta)\b", re.IGNORECASE)
_TAG = re.compile(rb"</?[a-z][a-z0-9]{0,20}(?:\s[^<>]{0,300})?/?>", re.IGNORECASE)
_OTHER_XML = re.compile(rb"<(?:rss|feed|rdf:rdf|svg|urlset|sitemapindex)\b", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # ESC shifts sets in ISO 2022
_HTML_TYPES = {"text/html", "application/xhtml+xml"}
_MARKDOWN_TYPES = {"text/markdown", "text/x-markdown"}
_MARKDOWN_ENDS = (".md", ".markdown")


def sniff(body: bytes, content_type: str, path: str) -> tuple[str, str]:
    """The media type of ``body`` and the Python name of its encoding ("" for a PDF).

    Single bytes may still be wrong in that encoding: decode with ``errors="replace"``.

    ``content_type`` is the header's whole value, ``path`` the URL's. Raises ReadingError for what
    is neither a page, a PDF nor a text, and for what is empty.
    """
    declared, _, parameters = content_type.lower().partition(";")
    if not body.strip():
        raise _refused("That page is empty; check the link, or give the file instead.")
    if _is_pdf(body):
        return PDF, ""
    charset = _charset(body, parameters)
    head = _ascii_head(body, charset)
    start = head[_length_of_preamble(head) :]
    if _OTHER_XML.match(start) or not _is_text(body, charset):
        raise _refused(
            "That link leads to something that is neither a web page, a PDF nor a text;"
            " save it as one of these and give the file instead."
        )
    return _kind_of_text(start, declared.strip(), path.lower()), charset


def _refused(reason: str) -> ReadingError:
    return ReadingError(reason, permanent=True)


def _is_pdf(body: bytes) -> bool:
    """Its mark stands first; after some junk only with a PDF's end, as texts speak of it too."""
    head = body[:_HEAD]
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(_PDF_MARK):
        return True
    return _PDF_MARK in head and b"startxref" in body and not _PAGE.search(head)


def _kind_of_text(start: bytes, declared: str, path: str) -> str:
    if _PAGE.match(start):
        return HTML
    # A README in Markdown may well begin with a tag.
    if declared in _MARKDOWN_TYPES or path.endswith(_MARKDOWN_ENDS):
        return MARKDOWN
    if declared in _HTML_TYPES and _TAG.search(start):
        return HTML
    if declared in {"", "application/octet-stream"} and _TAG.match(start):
        return HTML
    return TEXT


def _length_of_preamble(head: bytes) -> int:
    found = _SPACE_AND_COMMENTS.match(head)
    return found.end() if found else 0


def _ascii_head(body: bytes, charset: str) -> bytes:
    """The body's beginning with one byte a character, whatever it is encoded in."""
    text = body[:_BEGINNING].decode(charset, errors="ignore")
    return text.lstrip("\ufeff").encode("ascii", errors="replace")


def _is_text(body: bytes, charset: str) -> bool:
    """Whether the beginning holds what texts hold; a stray control character is forgiven."""
    begin = body[:_BEGINNING]
    if charset.startswith(("utf-16", "utf-32")):
        begin = begin.decode(charset, errors="ignore").encode()
    return b"\x00" not in begin and len(_CONTROL.findall(begin)) * 100 <= len(begin)


def _charset(body: bytes, parameters: str) -> str:
    """A mark at the beginning, then what the bytes themselves are, then what is said of them.

    UTF-8 goes before what a server says: servers say Latin-1 of everything, and hardly a text in
    another encoding happens to be valid UTF-8. Encodings that use 7 bits are the exception.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    said = _said(body, parameters)
    if said.startswith("utf-16") and b"\x00" not in body[:_HEAD]:
        said = ""  # a page whose own bytes could be read to say so is not in UTF-16
    if said.startswith(("iso2022", "utf-16")) and _decodes(body, said):
        return said
    if _decodes(body, "utf-8"):
        return "utf-8"
    return said if said and _decodes(body, said) else "cp1252"


def _said(body: bytes, parameters: str) -> str:
    in_header = re.search(r"charset\s*=\s*[\"']?\s*([^\s\"';]+)", parameters)
    in_page = _META.search(body[:_HEAD])
    labels = [in_header[1]] if in_header else []
    labels += [in_page[1].decode("ascii")] if in_page else []
    return next(filter(None, map(_codec, labels)), "")


def _codec(label: str) -> str:
    """Python's name of the encoding called ``label``, "" when it isn't one of text."""
    label = label.lower()
    if not _LABEL.fullmatch(label):
        return ""
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    if name in {"ascii", "iso8859-1"}:
        return "cp1252"  # as browsers read them (WHATWG Encoding)
    return name if _CODEC.fullmatch(name) else ""


def _decodes(body: bytes, charset: str) -> bool:
    """Whether all of it is valid, looked at in pieces so that the text is never held whole."""
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        for start in range(0, len(body), 64 * 1024):
            decoder.decode(body[start : start + 64 * 1024])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
