"""Strangers' text on Discord is inert and stays whole; organisers' Markdown is shown as such."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.text import mended
from bot.networks.discord.limits import units
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import host_of, inert, link, one_line, plain, prose

TRICKY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            list("@everyoneh1 <>&#*_~`|[]()\\\n-+.:/!,é\u0301\u200d👍🏽🇩🇪👨\u202e\ufe0f")
        ),
        st.characters(codec="utf-8"),
    ),
    max_size=300,
)


def as_shown(markdown: str) -> str:
    """What a reader sees of text that formats nothing: escapes undone, the guards gone."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markdown).replace("\u200b", "")


class TestInert:
    """Faults 44-48, 50, 54."""

    @pytest.mark.parametrize(
        "text",
        ["@everyone", "@here", "@EVERYONE", "x@here", "<@123>", "<@!123>", "<@&77>", "a<@1>b"],
    )
    def test_nobody_is_mentioned(self, text: str) -> None:
        shown = inert(text)
        assert not re.search(r"@(everyone|here|[!&]?\d)", shown, re.I)
        assert as_shown(shown) == text

    @pytest.mark.parametrize("text", ["<#123>", "<:smile:1>", "<t:1:F>", "</next:1>", "<id:home>"])
    def test_no_tag_is_drawn(self, text: str) -> None:
        assert inert(text).startswith("\\<")

    def test_a_masked_link_shows_its_host(self) -> None:
        shown = inert("[google.com](https://evil.example/x)")
        assert shown == r"\[google.com\](https://evil.example/x)"

    @pytest.mark.parametrize(
        "text",
        ["**b**", "_i_", "__u__", "~~s~~", "||spoiler||", "`c`", "```py\nfence\n```", "\\*a\\*"],
    )
    def test_no_markup_works(self, text: str) -> None:
        shown = inert(text)
        assert not re.search(r"(?<!\\)(?:\\\\)*[*_~`|]", shown)
        assert as_shown(shown) == text

    @pytest.mark.parametrize(
        "line", ["# a", "## a", "### a", "-# a", "> a", ">>> a", "- a", "+ a", "1. a", "12) a"]
    )
    def test_no_line_starts_a_block(self, line: str) -> None:
        shown = inert(f"x\n{line}").split("\n")[1]
        assert "\\" in shown
        assert as_shown(shown) == line

    def test_what_reorders_text_is_removed(self) -> None:
        assert inert("a\u202eb\u2066c") == "abc"

    def test_marks_are_capped(self) -> None:
        shown = unicodedata.normalize("NFD", inert("a" + "\u0301" * 500))
        assert len(shown) <= 7

    def test_what_is_no_text_is_dropped(self) -> None:
        assert inert("a\x00\ud800b") == "ab"

    def test_a_secret_key_is_not_repeated(self) -> None:
        assert inert("my key is nsec1" + "q" * 58) == "my key is nsec1…"

    def test_quotes_and_dashes_are_text(self) -> None:
        assert as_shown(inert("'; DROP TABLE questions; --")) == "'; DROP TABLE questions; --"

    def test_a_web_address_leads_where_it_led(self) -> None:
        address = "https://example.org/a_b-c?d=e_f#g"
        assert inert(f"see {address}") == f"see {address}"

    def test_markup_in_an_address_is_encoded(self) -> None:
        assert inert("https://a.example/``` x") == "https://a.example/%60%60%60 x"
        assert inert("https://a.example/@everyone") == "https://a.example/%40everyone"

    @given(TRICKY)
    def test_nothing_of_it_is_lost(self, text: str) -> None:
        assume("http" not in text.lower() and "\u200b" not in text)
        assert as_shown(inert(text)) == mended(text)

    @given(TRICKY)
    def test_nobody_is_mentioned_whatever_is_said(self, text: str) -> None:
        shown = inert(text)
        assert not re.search(r"@(everyone|here)", shown, re.I)
        assert not re.search(r"(?<!\\)(?:\\\\)*<[@#:/]", shown)

    def test_names_stand_on_one_line(self) -> None:
        assert one_line("a\n\n# b  *c*") == r"a # b \*c\*"
        assert plain(" a\n@everyone *b* ") == "a @\u200beveryone *b*"


class TestLinks:
    def test_the_host_stands_beside_the_words(self) -> None:
        shown = link("Small relays", "https://example.org/a")
        assert shown == "[Small relays](https://example.org/a) (example.org)"

    def test_words_that_are_the_host_are_enough(self) -> None:
        assert (
            link("example.org", "https://example.org/a") == "[example.org](https://example.org/a)"
        )

    def test_no_words_show_the_address(self) -> None:
        assert link("", "https://example.org/a") == "https://example.org/a"

    def test_an_address_cannot_end_the_link(self) -> None:
        shown = link("a", "https://example.org/x(y)> [z](http://b")
        assert shown == "a (https://example.org/x(y)> \\[z\\](http://b)"
        assert link("a", "https://b.example/x(y)") == "[a](https://b.example/x%28y%29) (b.example)"

    def test_words_cannot_end_the_link(self) -> None:
        assert link("a](http://evil.example)", "https://good.example/").endswith(
            " https://good.example/"
        )

    def test_who_hides_the_host_before_an_at_sign_is_seen(self) -> None:
        assert "(evil.example)" in link("bank", "https://bank.example@evil.example/")

    def test_lookalike_letters_are_told(self) -> None:
        assert host_of("https://раураl.example/") == "xn--l-7sba6dbr.example"

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", "ftp://a.example", "http://", "https://[", "//a.example", "x", ""],
    )
    def test_what_is_no_web_address_is_no_link(self, url: str) -> None:
        assert host_of(url) == ""
        assert "](" not in link("a", url)

    def test_an_endless_address_tells_its_host(self) -> None:
        assert link("a", "https://a.example/" + "x" * 3000) == "a (a.example)"
        assert link("", "https://a.example/" + "x" * 3000) == "a.example"


class TestProse:
    def test_stress_bullets_and_headings_stay(self) -> None:
        shown = prose("# Head\n\nSome **bold** and _soft_ `code`.\n\n- one\n* two\n\n1. three")
        assert shown == (
            "**Head**\n\nSome **bold** and *soft* `code`.\n\n• one\n• two\n\n1\\. three"
        )

    def test_lines_broken_for_their_width_are_joined(self) -> None:
        text = "This is a line that was broken because it had become\ntoo long for its page.\nOh"
        assert prose(text).startswith(
            "This is a line that was broken because it had become\ntoo long"
        )
        wide = "This is a line that was broken because it had become quite\ntoo long for its page."
        assert prose(wide) == wide.replace("\n", " ")

    def test_a_link_over_two_lines_is_one(self) -> None:
        shown = prose("Read [The Case for the\nSmall Relay](http://example.org/a).")
        assert shown == "Read [The Case for the Small Relay](http://example.org/a) (example.org)."

    def test_an_image_carries_nothing_out(self) -> None:
        assert prose("![chart](https://evil.example/?d=secret)") == "chart"

    def test_fences_and_quotes_become_text(self) -> None:
        assert prose("```py\na * b\n```\n> said") == "a \\* b\n\nsaid"

    def test_a_bare_address_stays(self) -> None:
        assert prose("<https://a.example/b_c> https://d.example/e_f") == (
            "https://a.example/b_c https://d.example/e_f"
        )

    def test_mentions_are_dead_in_every_form(self) -> None:
        text = "# @everyone\n**@here** `@everyone` [@everyone](https://a.example) <@1> > <@&2>"
        assert not re.search(r"@(everyone|here)", prose(text))
        assert not re.search(r"(?<!\\)<@", prose(text))

    @given(TRICKY)
    def test_whatever_is_written_mentions_nobody(self, text: str) -> None:
        shown = prose(text)
        assert not re.search(r"@(everyone|here)", shown, re.I)
        assert not re.search(r"(?<!\\)(?:\\\\)*<[@#:/]", shown)


class TestSplitting:
    """Fault 51."""

    def test_what_fits_is_one_piece(self) -> None:
        assert split(" short ", 100) == ["short"]
        assert split("  \n", 100) == []

    def test_paragraphs_come_first(self) -> None:
        text = "A first. Of two.\n\nA second. With more."
        assert split(text, 30) == ["A first. Of two.", "A second. With more."]

    def test_then_sentences(self) -> None:
        assert split("One is here. Two is there. Three.", 28) == [
            "One is here. Two is there.",
            "Three.",
        ]

    def test_then_words(self) -> None:
        assert split("aaaa bbbb cccc dddd", 10) == ["aaaa bbbb", "cccc dddd"]

    def test_a_word_as_long_as_a_piece_is_cut_between_characters(self) -> None:
        assert split("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]

    def test_what_is_seen_as_one_character_stays_one(self) -> None:
        family = "👨‍👩‍👧"
        for piece in split(family * 20, 30):
            assert piece.replace(family, "") == ""
        for piece in split("👍🏽" * 20, 10):
            assert piece.replace("👍🏽", "") == ""
        for piece in split("🇩🇪" * 20, 10):
            assert piece.replace("🇩🇪", "") == ""
        for piece in split("e\u0301" * 40, 11):
            assert not unicodedata.category(piece[0]).startswith("M")
        for piece in split("\u1112\u1161\u11ab" * 20, 10):
            assert piece[0] == "\u1112"

    def test_a_run_of_joined_characters_without_end_is_cut_all_the_same(self) -> None:
        assert "".join(split("a" + "\u0301" * 100, 20)) == "a" + "\u0301" * 100

    def test_links_and_stress_stay_whole(self) -> None:
        text = "aaa bbb [two words](https://a.example/b) (a.example) ccc **some bold words** ddd"
        pieces = split(text, 56)
        assert any("[two words](https://a.example/b) (a.example)" in piece for piece in pieces)
        assert any("**some bold words**" in piece for piece in pieces)

    def test_an_escape_is_not_taken_apart(self) -> None:
        for piece in split("\\*" * 40, 11):
            assert piece.replace("\\*", "") == ""

    def test_a_cut_says_so(self) -> None:
        assert cut("one two three", 9) == "one two…"
        assert cut(" one ", 9) == "one"

    @given(TRICKY, st.integers(min_value=4, max_value=120))
    def test_no_piece_is_too_long_or_empty_and_nothing_is_lost(self, text: str, limit: int) -> None:
        pieces = split(text, limit)
        assert all(pieces)
        assert all(units(piece) <= limit for piece in pieces)
        assert "".join("".join(pieces).split()) == "".join(text.split())

    @given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1), st.integers(9, 60))
    def test_words_that_fit_are_never_broken(self, words: list[str], limit: int) -> None:
        assert [word for piece in split(" ".join(words), limit) for word in piece.split()] == words

    @given(TRICKY, st.integers(min_value=4, max_value=120))
    def test_a_cut_text_fits(self, text: str, limit: int) -> None:
        assert units(cut(text, limit)) <= limit

    def test_a_megabyte_is_split_in_a_second(self) -> None:
        assert len(split("word " * 200_000, 4000)) < 300
