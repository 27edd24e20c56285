"""Strangers' text: what is kept, removed and refused (the numbers are those of the faults)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidSubmissionError
from bot.domain.text import clean_name, clean_text, numbered, slug_of

KEPT = [
    "Plain words, and two\nlines of them.",
    "Robert'); DROP TABLE questions;-- “quoted”",  # 54
    "<script>alert(1)</script> javascript:alert(1) @everyone <@&1> ```",  # 44, 50, 53
    "👩‍👩‍👧‍👦 and 🏴󠁧󠁢󠁥󠁮󠁧󠁿 and ❤️ and 1️⃣",
    "مرحبا بالعالم، كيف حالك؟ لا أعرف",
    "هَذَا كِتَابٌ",
    "नमस्ते, क्या हाल है?",
    "می‌خواهم",
    "สวัสดีครับ ที่นี่",
    "שָׁלוֹם עוֹלָם",
    "日本語の質問ですか？",
]


@pytest.mark.parametrize("text", KEPT)
def test_text_of_every_script_stays_as_it_is(text: str) -> None:
    assert clean_text(text, 1000) == unicodedata.normalize("NFC", text)


def test_text_is_composed() -> None:
    assert clean_text("cafe\u0301", 100) == "café"


def test_bidi_overrides_are_removed() -> None:  # 47
    assert clean_text("a\u202eevil\u202c b\u2066c\u2069", 100) == "aevil bc"


def test_left_to_right_marks_stay() -> None:
    assert clean_text("a\u200eb\u200fc", 100) == "a\u200eb\u200fc"


def test_marks_are_capped_at_four_in_a_row() -> None:  # 48
    text = clean_text("z" + "\u0335\u0316" * 300 + "a" + "\u0316" * 4, 1000)
    assert text == unicodedata.normalize("NFC", "z" + "\u0335\u0316" * 2 + "a" + "\u0316" * 4)


def test_joiners_between_marks_dont_start_the_count_anew() -> None:
    text = clean_text("z" + "\u0316\u200d" * 50, 1000)
    assert text.count("\u0316") == 4


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\n", "\u200b\u200d\ufeff", "\u3164\u2800", "\u0301\u0301", "\x07"]
)
def test_what_shows_nothing_is_refused(text: str) -> None:  # 49
    with pytest.raises(InvalidSubmissionError, match="nothing to read"):
        clean_text(text, 100)


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"])
def test_what_is_no_text_is_refused(text: str) -> None:  # 52
    with pytest.raises(InvalidSubmissionError, match="not text"):
        clean_text(text, 100)


@pytest.mark.parametrize("text", ["x" * 1001, "x" * 100_000, "é" * 1001])
def test_too_much_is_refused_with_the_limit(text: str) -> None:  # 43
    with pytest.raises(InvalidSubmissionError, match="1000 characters"):
        clean_text(text, 1000)


def test_exactly_the_limit_is_taken() -> None:
    assert len(clean_text(" " + "x" * 1000 + "\n", 1000)) == 1000


def test_control_characters_go_and_line_breaks_become_newlines() -> None:
    assert clean_text("a\x1b[31mb\x85\tc\r\nd\re\u2028f", 100) == "a[31mb c\nd\ne\nf"


@given(st.text(max_size=300))
def test_clean_text_is_clean(text: str) -> None:
    try:
        cleaned = clean_text(text, 200)
    except InvalidSubmissionError:
        return
    assert clean_text(cleaned, 200) == cleaned
    assert 0 < len(cleaned) <= 200
    assert not any(unicodedata.category(char) == "Cc" and char != "\n" for char in cleaned)
    cleaned.encode()


def test_a_name_is_one_short_line() -> None:
    assert clean_name("  Ann\n\u202eLee\x00 ") == "Ann Lee"
    assert clean_name("\u200b\u200b") == ""
    assert len(clean_name("n" * 500)) == 80


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Llama, 2nd part", "llama-2nd-part"),
        ("Meta's Größe & Ωmega", "metas-groe-mega"),
        ("日本語", "session"),
        ("x" * 80, "x" * 60),
        ("a word " * 20, "a-word-a-word-a-word-a-word-a-word-a-word-a-word-a-word-a"),
    ],
)
def test_a_slug_is_short_ascii(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_a_numbered_slug_stays_short() -> None:
    assert numbered("llama", 1) == "llama"
    assert numbered("llama", 2) == "llama-2"
    assert numbered("x" * 60, 12) == "x" * 57 + "-12"
