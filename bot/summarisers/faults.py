"""Everything that can go wrong with a model or its server, each with its own sentence for the
organiser, and what may be tried about it.

It looks at status codes, error bodies and headers as plain data. It decides nothing: whoever asks
the model reads ``again`` and ``simpler``, and keeps within bounds.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping

from bot.domain.errors import SummaryError
from bot.domain.text import mended

_SHOWN = 160  # characters of what a server says
_USE_OTHER = "use the no-AI summary or name another model"


class ModelError(SummaryError):
    """A summary that can't be made because of the model or its server.

    ``again``: the same request may work in a while, after ``wait`` seconds where the server says
    so. ``simpler``: the server may be able to answer in a simpler form. ``said`` is what it said.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        again: bool = False,
        simpler: bool = False,
        wait: float | None = None,
        said: str = "",
    ) -> None:
        self.again = again
        self.simpler = simpler
        self.wait = wait
        self.said = said
        super().__init__(reason, permanent=permanent)


class BudgetError(ModelError):
    """The session's limit of tokens or money leaves too little."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=True)


class TooLongError(ModelError):
    """The model can't hold what was sent."""


class AnswerError(ModelError):
    """The model answered, and the answer is of no use."""


class TruncatedError(AnswerError):
    """The answer was cut off where it was too long."""

    def __init__(self) -> None:
        super().__init__(
            "The model's answer was cut off before its end; raise answer_tokens, or name a model"
            " that is briefer.",
            permanent=False,
            again=True,
        )


def empty() -> AnswerError:
    return AnswerError(
        f"The model answered with nothing; try again, or {_USE_OTHER}.",
        permanent=False,
        again=True,
        simpler=True,
    )


def malformed() -> AnswerError:
    return AnswerError(
        f"The model's answer can't be read as what was asked for; try again, or {_USE_OTHER}.",
        permanent=False,
        again=True,
        simpler=True,
    )


def wrong_shape(what: str, *, simpler: bool = False) -> AnswerError:
    """``what`` completes "The model's answer ...". ``simpler``: the server didn't keep to the form,
    rather than the model filling it badly."""
    return AnswerError(
        f"The model's answer {what}, so it is no summary; try again, or {_USE_OTHER}.",
        permanent=False,
        again=True,
        simpler=simpler,
    )


def refused(said: str, key: str) -> AnswerError:
    return AnswerError(
        f"The model refuses this reading{_quoted(said, key)}; {_USE_OTHER}.", permanent=True
    )


def filtered() -> AnswerError:
    return AnswerError(
        f"The model's server held its answer back (content filter); {_USE_OTHER}.", permanent=True
    )


def stopped(reason: str, key: str) -> AnswerError:
    return AnswerError(
        f"The model stopped before it was done{_quoted(reason, key)}; try again, or {_USE_OTHER}.",
        permanent=False,
        again=True,
    )


def no_model_server(address: str) -> ModelError:
    """It answers with 200, and with something else than a model's answer."""
    return ModelError(
        f"What answers at {address} is no server of models; check base_url.", permanent=True
    )


def broken_off() -> ModelError:
    return ModelError(
        "The connection to the model's server broke off before its answer was whole; try again.",
        permanent=False,
        again=True,
    )


def unreachable(address: str) -> ModelError:
    return ModelError(
        f"The model's server at {address} can't be reached; check base_url, or try again later.",
        permanent=False,
        again=True,
    )


def too_slow(seconds: float) -> ModelError:
    return ModelError(
        f"The model's server didn't answer within {seconds:g} seconds; try again later, or raise"
        " request_timeout.",
        permanent=False,
        again=True,
    )


def out_of_time(seconds: float) -> ModelError:
    return ModelError(
        f"The model wasn't done within {seconds:g} seconds; try again later, or raise timeout.",
        permanent=False,
    )


def of_status(
    status: int, body: object, headers: Mapping[str, str], *, model: str, key: str
) -> ModelError:
    """What a server means by an HTTP status and its error body (OpenAI's shape or any other)."""
    said, code = _said(body), _code(body)
    if _is_overflow(said, code):
        return TooLongError(
            "The reading is longer than the model can hold; lower context_tokens to what it can.",
            permanent=True,
            said=said,
        )
    if "content_filter" in code or "content_policy" in code:
        return filtered()
    if status in (402, 429) and (status == 402 or re.search("quota|billing|credit", code)):
        return ModelError(
            "The account at the model's server has nothing left to spend; top it up, or use the"
            " no-AI summary.",
            permanent=True,
        )
    if status in _FIXED:
        return ModelError(_FIXED[status].format(model=model), permanent=True, said=said)
    if status == 429:
        return _rate_limited(retry_after(headers))
    if status in (408, 409, 425) or (status >= 500 and status != 501):
        return ModelError(
            f"The model's server fails just now ({status}); try again later.",
            permanent=False,
            again=True,
            wait=retry_after(headers),
        )
    return ModelError(
        f"The model's server doesn't take the request ({status}){_quoted(said, key)}; check model"
        " and base_url.",
        permanent=True,
        simpler=status in (400, 415, 422, 501),
        said=said,
    )


_FIXED = {
    401: "The model's server doesn't accept the key (401); set OPENAI_API_KEY to a valid one.",
    403: "The model's server doesn't let this key use “{model}” (403); name another model or key.",
    404: "The model's server has no model “{model}” (404); check model and base_url.",
    413: "The reading is more than the model's server takes (413); lower context_tokens.",
}


def _rate_limited(wait: float | None) -> ModelError:
    asked = f" for {wait:.0f} seconds" if wait is not None and wait >= 1 else ""
    return ModelError(
        f"The model's server asks to wait{asked} (rate limit, 429); try again later.",
        permanent=False,
        again=True,
        wait=wait,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait (RFC 9110 10.2.3, and OpenAI's in milliseconds).

    A date counts from the server's own clock.
    """
    for name, part in (("retry-after-ms", 1000), ("retry-after", 1)):
        if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text := headers.get(name, "").strip()):
            return float(text) / part
    times = [email.utils.parsedate_tz(headers.get(name, "")) for name in ("retry-after", "date")]
    until, now = (email.utils.mktime_tz(time) if time else None for time in times)
    return None if until is None or now is None else float(max(0, until - now))


def _is_overflow(said: str, code: str) -> bool:
    return bool(
        re.search(r"context_length|exceed_context_size", code)
        or re.search(
            r"maximum context|context (?:length|size|window)|(?:prompt|input) is too long", said
        )
    )


def _said(body: object) -> str:
    error = _error(body)
    message = error.get("message") if isinstance(error, dict) else error
    return message.casefold() if isinstance(message, str) else ""


def _code(body: object) -> str:
    error = _error(body)
    if not isinstance(error, dict):
        return ""
    return f"{error.get('code') or ''} {error.get('type') or ''}".casefold()


def _error(body: object) -> object:
    """The error object: servers wrap it in "error" or don't."""
    return body.get("error", body) if isinstance(body, dict) else body


def _quoted(said: str, key: str) -> str:
    """What a server said, on one line, short, and never with the key in it."""
    text = mended(said)
    if key:
        text = re.sub(re.escape(key), "[key]", text, flags=re.IGNORECASE)
    text = " ".join(re.sub("[“”]", '"', text).split()).rstrip(".")
    if not text:
        return ""
    return f" (“{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}”)"
