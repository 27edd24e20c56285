"""Reading a model's answer, however it is wrapped or written."""

from __future__ import annotations

import json

import pytest

from bot.summarisers import answers, listed
from bot.summarisers.answers import Answer, Questions, Reply
from bot.summarisers.budget import Reported
from bot.summarisers.faults import AnswerError, ModelError, TruncatedError

POINT = {"head": "A head", "text": "A text.", "quote": "Words of it", "section": "One"}
ANSWER = {"lead": "A lead.", "points": [POINT]}
PLAIN = json.dumps(ANSWER)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        json.dumps(ANSWER, indent=2),
        f"Sure! Here is the summary:\n```json\n{PLAIN}\n```\nLet me know if you need more.",
        f"{{not json}} {PLAIN}",
        PLAIN.replace("}]}", "},],}"),
        json.dumps({"Summary": "A lead.", "Key Points": [{**POINT, "extra": 1}]}),
        json.dumps(
            {
                "lead": "A lead.",
                "points": [
                    {
                        "Title": "A head",
                        "body": "A text.",
                        "evidence": "Words of it",
                        "where": "One",
                    }
                ],
            }
        ),
        json.dumps({"example": 1}) + PLAIN,
    ],
)
def test_an_answer_is_read_through_what_is_wrapped_around_it(content: str) -> None:
    assert answers.read(content, Answer).model_dump() == ANSWER


def test_a_line_s_end_within_a_text_does_not_break_it() -> None:
    assert answers.read(PLAIN.replace("A text.", "A\ntext."), Answer).points[0].text == "A\ntext."


def test_a_missing_quotation_is_left_to_the_gates() -> None:
    bare = {"lead": "A lead.", "points": [{"head": "A head", "text": "A text."}]}
    (point,) = answers.read(json.dumps(bare), Answer).points
    assert (point.quote, point.section) == ("", "")


def test_questions_are_read_under_other_names_too() -> None:
    asked = {"questions": [{"text": "Why?", "quotation": "Words of it"}]}
    (question,) = answers.read(json.dumps(asked), Questions).questions
    assert (question.question, question.quote) == ("Why?", "Words of it")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"message": "hello"}', "lacks parts"),
        ('{"lead": "A", "points": "none"}', "lacks parts"),
        ('{"lead": "A", "points": [7]}', "lacks parts"),
        ('{"lead": null, "points": []}', "lacks parts"),
        ('{"lead": "A", "points": []}', "has no points"),
        (json.dumps({**ANSWER, "lead": " "}), "has an empty lead"),
        (json.dumps({**ANSWER, "points": [{**POINT, "text": ""}]}), "has an empty text"),
        (json.dumps({**ANSWER, "points": [POINT] * 13}), "has 13 points where 12 are the most"),
        (json.dumps({**ANSWER, "lead": "a" * 1501}), "has a lead of 1,501 characters"),
        (PLAIN[:-20], "can't be read"),
        (json.dumps({**ANSWER, "points": [POINT] * 3})[:-20], "lacks parts"),
        ("Relays are good.", "can't be read"),
        ("{" * 50_000, "can't be read"),
        ('{"a":' * 30_000, "can't be read"),
    ],
)
def test_what_is_no_summary_says_what_is_wrong(content: str, said: str) -> None:
    with pytest.raises(AnswerError) as told:
        answers.read(content, Answer)
    assert said in told.value.reason
    assert told.value.again
    assert told.value.simpler == (" has " not in told.value.reason)
    assert not told.value.permanent


def test_no_questions_are_told_as_such() -> None:
    with pytest.raises(AnswerError, match="has no questions"):
        answers.read('{"questions": []}', Questions)


@pytest.mark.parametrize(
    "content",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot summarize this document.",
        "As an AI, I must decline.",
        "Es tut mir leid, das geht nicht.",
    ],
)
def test_a_refusal_in_plain_words_is_seen_as_one(content: str) -> None:
    with pytest.raises(AnswerError, match="refuses this reading") as told:
        answers.read(content, Answer)
    assert told.value.permanent
    assert not told.value.again


def reply(content: str = "x", finish: str = "stop", refusal: str = "") -> Reply:
    return Reply(content, finish, refusal, None)


def test_only_a_finished_answer_counts() -> None:
    assert answers.content_of(reply(), "") == "x"
    with pytest.raises(TruncatedError):
        answers.content_of(reply(finish="length"), "")
    with pytest.raises(AnswerError, match="content filter"):
        answers.content_of(reply(finish="content_filter"), "")
    with pytest.raises(AnswerError, match="before it was done; try"):
        answers.content_of(reply(finish=""), "")
    with pytest.raises(AnswerError, match="with nothing"):
        answers.content_of(reply(content=""), "")
    with pytest.raises(AnswerError, match="refuses"):
        answers.content_of(reply(refusal="No."), "")


def body(message: object, usage: object = None, finish: object = "stop") -> dict[str, object]:
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}


def read_reply(found: object) -> Reply:
    return answers.reply_of(found, model="m", address="http://a/v1", key="")


def test_a_reply_has_content_reason_refusal_and_count() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    found = read_reply(body({"content": "<think>hm</think> yes", "refusal": None}, usage))
    assert found == Reply("yes", "stop", "", Reported(9, 4, 2))
    assert read_reply(body({"content": None}, {"prompt_tokens": 9})).reported is None
    assert read_reply(body({"content": 7}, finish=None)).finish_reason == ""
    plain = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": None}
    assert read_reply(body({"content": "x"}, plain)).reported == Reported(9, 0, 2)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("text", "no server of models"),
        ({"object": "list"}, "no server of models"),
        ({"choices": []}, "with nothing"),
        ({"choices": ["x"]}, "with nothing"),
        ({"choices": [{"message": "x"}]}, "no server of models"),
        ({"error": "Out of memory"}, "fails just now (500)"),
        ({"error": {"code": 402, "message": "Pay."}}, "nothing left to spend"),
        ({"error": {"code": "odd"}}, "fails just now (500)"),
    ],
)
def test_a_body_without_an_answer_says_why(found: object, said: str) -> None:
    with pytest.raises(ModelError) as told:
        read_reply(found)
    assert said in told.value.reason


LISTED = """\
Relays are small servers.
They keep notes.

1. **Trust:** Readers check
   signatures.
   Quote: “put words in your mouth”
   Section: What a relay is
2. Big relays: They fail together.
   "Two machines fail together" (Big is not the same)
---
- Policy is the product.
"""


def test_a_written_list_is_read_with_its_quotes_and_sections() -> None:
    found = listed.read(LISTED)
    assert found == {
        "lead": "Relays are small servers. They keep notes.",
        "points": [
            {
                "head": "Trust",
                "text": "Readers check signatures.",
                "quote": "put words in your mouth",
                "section": "What a relay is",
            },
            {
                "head": "Big relays",
                "text": "They fail together.",
                "quote": "Two machines fail together",
                "section": "Big is not the same",
            },
            {"head": "", "text": "Policy is the product.", "quote": "", "section": ""},
        ],
    }
    assert len(answers.read(LISTED, Answer).points) == 3


def test_a_list_of_labels_is_read() -> None:
    text = (
        "**Lead:** All of it.\nHead: One\nText: It is so.\nQuote: as said\nHead: Two\nText: Also."
    )
    assert listed.read(text) == {
        "lead": "All of it.",
        "points": [
            {"head": "One", "text": "It is so.", "quote": "as said", "section": ""},
            {"head": "Two", "text": "Also.", "quote": "", "section": ""},
        ],
    }


@pytest.mark.parametrize("text", ["", "Only a lead.", "1. Only a point.", "> “a quotation alone”"])
def test_what_has_no_lead_or_no_points_is_no_list(text: str) -> None:
    assert listed.read(text) is None
