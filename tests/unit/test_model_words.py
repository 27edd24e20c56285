"""What is said to a model, what its server says back, and what is taken out of its answers."""

from __future__ import annotations

import pytest

from bot.domain.model import Audience, Section
from bot.summarisers import faults, prompts
from bot.summarisers.harmless import Harmless
from bot.summarisers.ladder import backoff
from bot.summarisers.long import Part, parts_of

READING = "See https://relay.example/spec and `list<int>`, by @ada. Write to <int> or [one](http://a.example/x)."


class TestHarmless:
    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("Plain words, 3 < 4 and a > b.", "Plain words, 3 < 4 and a > b."),
            ("![pixel](https://evil.example/?d=1) Words", "Words"),
            ("a <img src='https://evil.example'> b", "a b"),
            ("![a][b] c", "c"),
            ("Go [here](https://evil.example/x) now", "Go here now"),
            ("Go [here](javascript:alert(1)) now", "Go [here]( now"),
            ("Go https://evil.example/x now", "Go now"),
            ("Go <https://evil.example/x> now", "Go now"),
            ("Go [here][ref] now", "Go here now"),
            ("Read [it](https://relay.example/spec).", "Read [it](https://relay.example/spec)."),
            ("Read https://relay.example/spec too", "Read https://relay.example/spec too"),
            ("Read <https://relay.example/spec> too", "Read <https://relay.example/spec> too"),
            ("<b>bold</b> <script>x()</script>", "bold x()"),
            ("<!-- hidden --> shown", "shown"),
            ("A list<int> stays, a list<str> goes", "A list<int> stays, a list goes"),
            ("@everyone and @here", "everyone and here"),
            ("<@123456> <@&1> <#2> <:x:3> <id:guide> hi", "hi"),
            ("nostr:npub1abcdefgh npub1" + "q" * 58, ""),
            ("@ada wrote to @bob", "@ada wrote to bob"),
            ("mail a@b.example", "mail a@b.example"),
            ("turn\u202eed zero\u200bwidth", "turned zerowidth"),
            ("two\nlines\tof  it", "two lines of it"),
            ("<scr<b>ipt>x", "x"),
        ],
    )
    def test_what_would_act_is_taken_out_and_the_rest_stays(self, text: str, left: str) -> None:
        assert Harmless(READING).text(text) == left

    def test_what_was_taken_is_said_once(self) -> None:
        harmless = Harmless(READING)
        harmless.text("![x](https://evil.example) <b>y</b> @everyone https://evil.example/a")
        harmless.text("@here")
        assert list(harmless.taken) == ["an image", "HTML", "a link", "a mention"]

    def test_what_never_settles_is_flattened(self) -> None:
        nested = "<b" * 40 + ">" * 40
        assert "<" not in Harmless(READING).text(nested)


class TestPrompts:
    def test_a_mark_never_stands_in_the_text(self) -> None:
        assert len(prompts.mark_for("text")) == 16

    def test_a_template_s_own_marks_are_no_marks_any_more(self) -> None:
        text = (
            "<|im_start|>system <s> </s> [INST] [/INST] <<SYS>> <</SYS>> <start_of_turn> <｜User｜>"
        )
        framed = prompts.framed("m", "", text)
        for mark in (*text.split(), "<|", "|>"):
            assert mark == "system" or mark not in framed
        assert "list<int> a < b > c" in prompts.framed("m", "", "list<int> a < b > c")

    def test_the_whole_text_stands_between_the_marks(self) -> None:
        assert prompts.framed("m", "The  title", "The text.") == (
            "<<<m BEGIN>>>\nThe title\n\nThe text.\n<<<m END>>>"
        )

    def test_braces_in_findings_are_only_text(self) -> None:
        told = prompts.correct(Audience.PLAIN, 9, "fine.", ["It has {words} and {counts}.\nTwice."])
        assert "- It has {words} and {counts}. Twice." in told
        assert "It has 9 words" in told

    def test_what_is_stored_says_the_version_and_leaves_the_form_out(self) -> None:
        stored = prompts.stored(prompts.techie(350))
        assert "five to eight points" in stored
        assert stored.endswith(f"(Readalong's prompts, version {prompts.PROMPTS_VERSION})")
        assert "{" not in stored
        assert "three to five" in prompts.techie(100)


class TestServersWords:
    def told(self, status: int, body: object, **headers: str) -> faults.ModelError:
        return faults.of_status(status, body, headers, model="m", key="sk-secret")

    @pytest.mark.parametrize(
        "body",
        [
            {"error": {"code": "context_length_exceeded", "message": "x"}},
            {"message": "This model's maximum context length is 8192 tokens."},
            {"error": {"type": "exceed_context_size_error", "message": "x"}},
            {"error": "prompt is too long: 9 tokens"},
        ],
    )
    def test_too_long_a_prompt_is_known_however_it_is_said(self, body: object) -> None:
        assert isinstance(self.told(400, body), faults.TooLongError)

    def test_a_policy_is_no_bad_request(self) -> None:
        body = {"code": "content_policy_violation", "message": "no"}
        assert "content filter" in self.told(400, body).reason

    @pytest.mark.parametrize(
        ("status", "again", "simpler", "permanent"),
        [
            (400, False, True, True),
            (422, False, True, True),
            (501, False, True, True),
            (418, False, False, True),
            (401, False, False, True),
            (408, True, False, False),
            (429, True, False, False),
            (500, True, False, False),
            (503, True, False, False),
        ],
    )
    def test_what_may_be_tried_depends_on_the_status(
        self, status: int, again: bool, simpler: bool, permanent: bool
    ) -> None:
        error = self.told(status, None)
        assert (error.again, error.simpler, error.permanent) == (again, simpler, permanent)

    def test_what_a_server_says_is_short_and_without_the_key(self) -> None:
        error = self.told(400, {"message": "SK-Secret is “bad”\n" + "x" * 500})
        assert '(“[key] is "bad" xxx' in error.reason
        assert len(error.reason) < 300

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "7"}, 7.0),
            ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
            ({"retry-after": "-7"}, None),
            ({"retry-after": "inf"}, None),
            ({"retry-after": "Mon, 01 Jan 2001 00:00:30 GMT"}, None),
            (
                {
                    "retry-after": "Mon, 01 Jan 2001 00:00:30 GMT",
                    "date": "Mon, 01 Jan 2001 00:00:00 GMT",
                },
                30.0,
            ),
            (
                {
                    "retry-after": "Mon, 01 Jan 2001 00:00:00 GMT",
                    "date": "Mon, 01 Jan 2001 00:00:30 GMT",
                },
                0.0,
            ),
        ],
    )
    def test_how_long_to_wait_is_read_in_every_form(
        self, headers: dict[str, str], seconds: float | None
    ) -> None:
        assert faults.retry_after(headers) == seconds

    def test_waits_grow_and_are_never_the_same_for_all(self) -> None:
        assert 0.75 <= backoff(1).total_seconds() <= 1.25
        assert 3 <= backoff(3).total_seconds() <= 5


class TestParts:
    def test_small_sections_come_together_and_keep_their_headings(self) -> None:
        found = [Section("", ("Before.",)), Section("One", ("A.", "B."), ("item",), 2)]
        assert parts_of(found, 1000) == [Part("", "Before.\n\n## One\n\nA.\n\nB.\n\nitem")]

    def test_a_part_that_begins_within_a_section_begins_with_its_heading(self) -> None:
        found = [Section("One", ("a" * 300, "b" * 300))]
        assert parts_of(found, 100) == [
            Part("One", "# One\n\n" + "a" * 300),
            Part("One", "# One\n\n" + "b" * 300),
        ]

    def test_a_paragraph_that_is_too_long_is_cut_between_words(self) -> None:
        found = parts_of([Section("", (" ".join(["word"] * 400),))], 100)
        assert len(found) > 4
        assert all(set(part.text.split()) == {"word"} for part in found)
        assert sum(len(part.text.split()) for part in found) == 400

    def test_text_without_spaces_is_cut_all_the_same(self) -> None:
        found = parts_of([Section("", ("読" * 1000,))], 100)
        assert "".join(part.text for part in found) == "読" * 1000

    def test_nothing_gives_no_parts(self) -> None:
        assert parts_of([], 100) == []
        assert parts_of([Section("Empty", ())], 100) == []
