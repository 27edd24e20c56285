"""What a fetched body is by its bytes: its kind, its encoding, or refused (fault 28)."""

from __future__ import annotations

import gzip

import pytest

from bot.domain.errors import ReadingError
from bot.readings.sniff import sniff

HTML, PDF, MARKDOWN, TEXT = "text/html", "application/pdf", "text/markdown", "text/plain"
PDF_BODY = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n" + bytes(64) + b"\nstartxref\n9\n%%EOF"


@pytest.mark.parametrize(
    ("body", "declared", "path", "kind"),
    [
        (b"<!DOCTYPE html><p>a", "", "/", HTML),
        (b"\xef\xbb\xbf\n <!-- a --> <!-- b -->\n<HTML lang=en>", TEXT, "/a.md", HTML),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html>', "", "/", HTML),
        (b"<title>a</title>", TEXT, "/", HTML),
        (b"\n" * 30_000 + b"<!-- " + b"art " * 4_000 + b"-->\n<html>", "", "/", HTML),
        (b"Some words <b>and a tag</b>.", "text/html; charset=utf-8", "/", HTML),
        (b"Some words <b>and a tag</b>.", "application/xhtml+xml", "/", HTML),
        (b"<div>a</div>", "", "/", HTML),
        (b"<div>a</div>", "application/octet-stream", "/", HTML),
        (b"<p align=center>A badge</p>\n\n# A heading", TEXT, "/README.md", MARKDOWN),
        (b"<p align=center>A badge</p>\n\n# A heading", "text/markdown", "/", MARKDOWN),
        (b"# A heading", TEXT, "/notes.MARKDOWN", MARKDOWN),
        (b"# A heading", "", "/", TEXT),
        (b"1 < 2 and 3 > 2", "text/html", "/", TEXT),
        (b"Words.", "text/html", "/", TEXT),
        (b'{"a": "<b>"}', "application/json", "/", TEXT),
        (PDF_BODY, "text/html", "/a.html", PDF),
        (b"\xef\xbb\xbf\r\n" + PDF_BODY, "", "/", PDF),
        (b"HTTP/1.1 200 OK\r\n\r\n" + PDF_BODY, "", "/", PDF),
        (b"%PDF-1.7 cut off" + bytes(5), "", "/", PDF),
        (b"A PDF begins with %PDF-1.7 and that is all.", "", "/", TEXT),
        (b"<html><p>%PDF-1.7 ... startxref", "application/pdf", "/a.pdf", HTML),
        ("<html><p>mixed".encode("utf-16"), "text/plain", "/", HTML),
        ("Words.".encode("utf-16-le"), "text/plain; charset=utf-16le", "/", TEXT),
        (b"A line-\x02\nend in a text taken out of a PDF. " + b"More words. " * 20, "", "/", TEXT),
    ],
)
def test_the_bytes_say_what_it_is(body: bytes, declared: str, path: str, kind: str) -> None:
    assert sniff(body, declared, path)[0] == kind


@pytest.mark.parametrize(
    "body",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"PK\x03\x04\x14\x00\x06\x00word/document.xml",
        gzip.compress(b"words " * 100, mtime=0),
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        b"\x01\x02\x03 words",
        b'<?xml version="1.0"?>\n<rss version="2.0"><channel>',
        b"<feed xmlns='http://www.w3.org/2005/Atom'>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        "words \x00\x00".encode("utf-16"),
    ],
)
@pytest.mark.parametrize("declared", ["", "text/html", "application/pdf"])
def test_what_is_none_of_them_is_refused(body: bytes, declared: str) -> None:
    with pytest.raises(ReadingError, match="neither a web page, a PDF nor a text") as caught:
        sniff(body, declared, "/")
    assert caught.value.permanent


@pytest.mark.parametrize("body", [b"", b" \n\t\r\n"])
def test_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(ReadingError, match="empty"):
        sniff(body, "text/html", "/")


GERMAN = "<p>Grüße, „Straße“"
META = b"<meta charset='%s'>"


@pytest.mark.parametrize(
    ("body", "declared", "charset"),
    [
        (GERMAN.encode(), "", "utf-8"),
        (b"plain ASCII", "text/plain; charset=us-ascii", "utf-8"),
        (GERMAN.encode(), "text/html; charset=iso-8859-1", "utf-8"),
        (GERMAN.encode(), "text/html; charset=utf-16", "utf-8"),
        (META % b"utf-16" + GERMAN.encode(), "", "utf-8"),
        (GERMAN.encode("utf-8-sig"), "text/html; charset=cp1252", "utf-8-sig"),
        (GERMAN.encode("utf-16"), "", "utf-16"),
        (GERMAN.encode("utf-32"), "", "utf-32"),
        (GERMAN.encode("utf-16-be"), "text/html; charset=UTF-16BE", "utf-16-be"),
        (GERMAN.encode("cp1252"), "text/html; charset=ISO-8859-1", "cp1252"),
        (GERMAN.encode("cp1252"), "", "cp1252"),
        ("<p>zażółć".encode("iso8859-2"), 'text/html; charset="iso-8859-2"', "iso8859-2"),
        (META % b"windows-1251" + "Привет".encode("cp1251"), "text/html", "cp1251"),
        (
            b'<meta http-equiv=Content-Type content="text/html; charset=koi8-r">'
            + "Привет".encode("koi8-r"),
            "text/html",
            "koi8-r",
        ),
        (META % b"koi8-r" + "П".encode("cp1251"), "text/html; charset=windows-1251", "cp1251"),
        ("<p>こんにちは".encode("shift_jis"), "text/html; charset=Shift_JIS", "shift_jis"),
        ("<p>こんにちは".encode("iso2022_jp"), "text/html; charset=iso-2022-jp", "iso2022_jp"),
        ("<p>你好".encode("gb18030"), "text/html; charset=gb18030", "gb18030"),
        (GERMAN.encode("cp1252"), "text/html; charset=gb18030", "cp1252"),
        (b"caf\xe9", "text/plain; charset=no-such", "cp1252"),
        (b"caf\xe9", "text/plain; charset=rot13", "cp1252"),
        (b"caf\xe9", "text/plain; charset=idna", "cp1252"),
        (b"caf\xe9", "text/plain; charset=unicode_escape", "cp1252"),
        (b"caf\xe9", "text/plain; charset=utf-7", "cp1252"),
        (b"caf\xe9", "text/plain; charset=../../etc", "cp1252"),
        (b"caf\xe9 \x81", "text/plain; charset=" + "x" * 500, "cp1252"),
        (PDF_BODY, "text/html; charset=utf-8", ""),
    ],
)
def test_the_encoding_is_what_the_text_is_in(body: bytes, declared: str, charset: str) -> None:
    assert sniff(body, declared, "/")[1] == charset
    if charset:
        body.decode(charset, errors="replace")
