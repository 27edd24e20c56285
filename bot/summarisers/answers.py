"""What a model answers: the forms that it is asked for, and how an answer is read however it comes.

A strict server gives the JSON that its schema asks for. Others wrap it, change it a little or write
a list; that is read too, and then held to the same form. What an answer says is not judged here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.summarisers import faults, listed
from bot.summarisers.budget import Reported

MOST_POINTS = 12
_LENGTHS = {"lead": 1_500, "head": 200, "text": 2_000, "quote": 2_000, "section": 300}
_LENGTHS["question"] = 600
_THOUGHT = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL)
_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]?m|i am) (?:very |really )?sorry|sorry,|unfortunately,? i"
    r"|i (?:can(?:['’]?t|not)|won['’]t|am unable|am not able|must decline)"
    r"|i['’]m (?:unable|not able)|as an ai\b|es tut mir leid|je suis désolé|lo siento)",
    re.IGNORECASE,
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_OTHER_NAMES = {
    "lead": ("summary", "overview", "introduction", "abstract"),
    "points": ("key_points", "keypoints", "items", "bullets"),
    "questions": ("discussion_questions", "items", "points"),
    "head": ("heading", "title", "headline", "name"),
    "text": ("body", "explanation", "description", "content", "point"),
    "quote": ("quotation", "evidence", "source", "excerpt"),
    "section": ("where", "location", "chapter"),
    "question": ("text", "head", "title"),
}


class AnsweredPoint(BaseModel):
    """A point with the words of the reading that show it, and the heading above those."""

    head: str
    text: str
    quote: str
    section: str


class Answer(BaseModel):
    """A summary for one audience."""

    lead: str
    points: list[AnsweredPoint]


class AnsweredQuestion(BaseModel):
    """A question for the discussion, with the words of the reading that raise it."""

    question: str
    quote: str
    section: str


class Questions(BaseModel):
    """Questions for the discussion."""

    questions: list[AnsweredQuestion]


Form = TypeVar("Form", Answer, Questions)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a server: what the model said, why it ended, what the server counts."""

    content: str
    finish_reason: str
    refusal: str
    reported: Reported | None


def reply_of(body: object, *, model: str, address: str, key: str) -> Reply:
    """The reply in a Chat Completions body. Raises ModelError where there is none."""
    if not isinstance(body, dict):
        raise faults.no_model_server(address)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _without_choice(body, model, address, key)
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise faults.no_model_server(address)
    return Reply(
        content=_THOUGHT.sub("", _content(message.get("content"))).strip(),
        finish_reason=str(choice.get("finish_reason") or ""),
        refusal=_content(message.get("refusal")),
        reported=_reported(body.get("usage")),
    )


def content_of(reply: Reply, key: str) -> str:
    """What the model said, if it said all of it. Raises AnswerError otherwise."""
    if reply.refusal.strip():
        raise faults.refused(reply.refusal, key)
    if reply.finish_reason == "content_filter":
        raise faults.filtered()
    if reply.finish_reason == "length":
        raise faults.TruncatedError
    if reply.finish_reason != "stop":
        raise faults.stopped(reply.finish_reason, key)
    if not reply.content:
        raise faults.empty()
    return reply.content


def read(content: str, form: type[Form], key: str = "") -> Form:
    """The answer in the form that was asked for, however it is wrapped.

    Raises AnswerError when it is refused, can't be read, or isn't in that form.
    """
    readable = False
    for value in _values(content, form):
        readable = True
        try:
            answer = form.model_validate(_renamed(value, form))
        except ValidationError:
            continue
        if fault := _out_of_form(answer):
            raise faults.wrong_shape(fault)
        return answer
    if readable:
        raise faults.wrong_shape("lacks parts that were asked for", simpler=True)
    if _REFUSAL.match(content):
        raise faults.refused(content, key)
    raise faults.malformed()


def _without_choice(body: dict[str, Any], model: str, address: str, key: str) -> Exception:
    """Some servers say with a 200 what went wrong."""
    error = body.get("error")
    if not error:
        return faults.no_model_server(address) if "choices" not in body else faults.empty()
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return faults.of_status(status, body, {}, model=model, key=key)


def _content(content: object) -> str:
    """Text, or the texts of a list of parts."""
    if isinstance(content, list):
        return "".join(_content(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _reported(usage: object) -> Reported | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int:
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Reported(prompt, cached if type(cached) is int else 0, completion)


def _values(content: str, form: type[Form]) -> Iterator[dict[str, Any]]:
    """What may be the answer: the JSON objects in the text, the longest first, then its lists."""
    found = sorted(_objects(content), key=lambda found: -found[0])
    yield from (value for _, value in found)
    if (written := listed.read(content)) and form is Answer:
        yield written


def _objects(content: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The outermost JSON objects in a text, and how long each is."""
    yield from _decoded(content)
    mended = _TRAILING_COMMA.sub(r"\1", content)
    if mended != content:
        yield from _decoded(mended)


def _decoded(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    decoder = json.JSONDecoder(strict=False)  # lets a line's end stand in a text
    at, tries = text.find("{"), 0
    while at >= 0 and tries < 20:  # each try may read all the rest
        tries += 1
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict):
                yield end - at, value
        at = text.find("{", end)


def _renamed(value: Any, form: type[BaseModel]) -> Any:
    """The object with its keys as asked for, where it calls them something close."""
    if not isinstance(value, dict):
        return value
    folded = {re.sub(r"[\s-]+", "_", str(key)).casefold(): item for key, item in value.items()}
    named: dict[str, Any] = {}
    for name in form.model_fields:
        names = (name, *_OTHER_NAMES.get(name, ()))
        named[name] = next((folded[other] for other in names if other in folded), _missing(name))
        if isinstance(named[name], list):
            inner = AnsweredPoint if name == "points" else AnsweredQuestion
            named[name] = [_renamed(item, inner) for item in named[name]]
    return named


def _missing(name: str) -> str | None:
    """A quotation may be missing, which is a fault of its own kind; the rest may not."""
    return "" if name in ("quote", "section") else None


def _out_of_form(answer: Answer | Questions) -> str:
    """What is wrong beyond the types, as a half sentence; "" when nothing is."""
    rows: list[BaseModel] = [answer]
    rows += answer.points if isinstance(answer, Answer) else answer.questions
    if len(rows) == 1:
        return "has no points" if isinstance(answer, Answer) else "has no questions"
    if len(rows) > MOST_POINTS + 1:
        return f"has {len(rows) - 1} points where {MOST_POINTS} are the most"
    for row in rows:
        for name, text in row:
            if isinstance(text, str) and len(text) > _LENGTHS[name]:
                return f"has a {name} of {len(text):,} characters"
            if isinstance(text, str) and name in ("lead", "text", "question") and not text.strip():
                return f"has an empty {name}"
    return ""
