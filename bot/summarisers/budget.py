"""What one reading may take at a model: tokens are estimated before each request and counted after
it, and nothing is asked that could go beyond the limit.

It believes a server's count only where that can be true. It asks nothing and knows no prices by
itself: they are settings.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from dataclasses import dataclass
from types import TracebackType

from bot.domain.model import Usage
from bot.summarisers.faults import BudgetError

logger = logging.getLogger(__name__)

_CHARACTERS_A_TOKEN = 3.5
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")
_LEAST_ANSWER = 500  # tokens; a shorter answer isn't worth its prompt
_FRAME = 8  # tokens that a server's template puts around a message
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A model, where it is asked, and how much.

    ``base_url`` is any server's that speaks the OpenAI API ("" for OpenAI's own). ``timeout`` is
    seconds for all that one reading takes, ``request_timeout`` for one request; ``retries`` are a
    request's. ``context_tokens`` is what the model can hold, ``answer_tokens`` what one answer may
    have. A session takes at most ``max_tokens`` and ``max_cost`` (None: no such limit); prices are
    for a million tokens, and without ``price_cached`` a cached token costs what others cost. Of a
    long reading ``most_parts`` are read, ``at_once`` of them at the same time.
    """

    model: str
    base_url: str = ""
    timeout: float = 300.0
    request_timeout: float = 120.0
    retries: int = 2
    context_tokens: int = 128_000
    answer_tokens: int = 8_000
    max_tokens: int | None = 500_000
    max_cost: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    price_cached: float | None = None
    most_parts: int = 40
    at_once: int = 3

    def __post_init__(self) -> None:
        if self.max_cost is not None and (self.price_in is None or self.price_out is None):
            raise ValueError("max_cost needs price_in and price_out.")

    @property
    def answer(self) -> int:
        """What one answer may have, in tokens: never more than an eighth of the context."""
        return min(self.answer_tokens, self.context_tokens // 8)

    @property
    def room(self) -> int:
        """How many tokens of a reading fit into one conversation, answers and asking aside."""
        return max(_LEAST_ANSWER, self.context_tokens - 4 * self.answer - 1_500)


@dataclass(frozen=True, slots=True)
class Reported:
    """The tokens of one request, as the server counted them; it may be wrong."""

    prompt: int
    cached: int
    completion: int


def tokens_of(text: str) -> int:
    """About how many tokens the text has: 3.5 characters each, one where a character is a word."""
    wide = sum(len(run) for run in _WIDE.findall(text))
    return math.ceil((len(text) - wide) / _CHARACTERS_A_TOKEN) + wide


class Budget:
    """What one reading has taken so far, and what it still may.

    ``spent`` is what the session took before. ``deadline`` is the event loop's time at which
    everything has to be done.
    """

    def __init__(
        self, settings: ModelSettings, deadline: float = math.inf, spent: Usage | None = None
    ) -> None:
        self._settings = settings
        self._deadline = deadline
        self._before = spent
        self._calls = 0
        self._taken = Reported(0, 0, 0)
        self._held: dict[int, Hold] = {}

    @property
    def usage(self) -> Usage:
        """What was taken, without what the session took before."""
        taken = self._taken
        return Usage(
            model=self._settings.model,
            calls=self._calls,
            prompt_tokens=taken.prompt,
            cached_tokens=taken.cached,
            completion_tokens=taken.completion,
            cost=self._cost(taken),
        )

    def seconds_left(self) -> float:
        return self._deadline - asyncio.get_running_loop().time()

    def answers_left(self, prompt: int) -> float:
        """How many tokens an answer to so long a prompt can have within the limits."""
        return min(self._by_tokens(prompt), self._by_cost(prompt))

    def hold(self, texts: list[str], answer: int) -> Hold:
        """Keeps back what a request may take at most, until it is settled.

        ``answer`` is what the answer should be allowed; the hold says what it is. Raises
        BudgetError when the limits leave too little.
        """
        prompt = sum(tokens_of(text) + _FRAME for text in texts)
        allowed = min(answer, self.answers_left(prompt))
        if allowed < min(answer, _LEAST_ANSWER):
            raise self.beyond()
        self._calls += 1
        hold = Hold(self, prompt, int(allowed), sum(map(len, texts)))
        self._held[id(hold)] = hold
        return hold

    def reserve(self, prompt: int, answer: int) -> Hold:
        """Keeps so much back for later requests; freed when their time has come."""
        hold = Hold(self, prompt, answer, 0)
        self._held[id(hold)] = hold
        return hold

    def settled(self, hold: Hold, tokens: Reported) -> None:
        """What the request of this hold took instead of what was held for it."""
        del self._held[id(hold)]
        self._taken = _sum(self._taken, tokens)

    def longest(self) -> int:
        """More tokens than this no answer has."""
        return self._settings.context_tokens

    def _by_tokens(self, prompt: int) -> float:
        if self._settings.max_tokens is None:
            return math.inf
        held = sum(hold.prompt + hold.answer for hold in self._held.values())
        before = self._before.prompt_tokens + self._before.completion_tokens if self._before else 0
        taken = self._taken.prompt + self._taken.completion
        return self._settings.max_tokens - before - taken - held - prompt

    def _by_cost(self, prompt: int) -> float:
        limit, price_out = self._settings.max_cost, self._settings.price_out
        if limit is None or price_out is None:
            return math.inf
        held = [Reported(hold.prompt, 0, hold.answer) for hold in self._held.values()]
        before = self._before.cost or 0.0 if self._before else 0.0
        planned = _sum(self._taken, *held, Reported(prompt, 0, 0))
        left = limit - before - (self._cost(planned) or 0.0)
        if left < 0:
            return -1
        return left * _MILLION / price_out if price_out else math.inf

    def _cost(self, tokens: Reported) -> float | None:
        settings = self._settings
        if settings.price_in is None or settings.price_out is None:
            return None
        cached = settings.price_in if settings.price_cached is None else settings.price_cached
        cost = (tokens.prompt - tokens.cached) * settings.price_in
        cost += tokens.cached * cached + tokens.completion * settings.price_out
        return cost / _MILLION

    def beyond(self) -> BudgetError:
        """What is said when the limits leave too little."""
        return BudgetError(
            f"This takes more of the model than a session may ({self.limits}); raise that,"
            " or use the no-AI summary."
        )

    @property
    def limits(self) -> str:
        """Those that are set, as they stand in the configuration."""
        settings = self._settings
        limits = []
        if settings.max_tokens is not None:
            limits.append(f"max_tokens = {settings.max_tokens}")
        if settings.max_cost is not None:
            limits.append(f"max_cost = {settings.max_cost:g}")
        return ", ".join(limits)


class Hold:
    """What one request may take; a context in which it is asked.

    Left without being settled or freed, the prompt counts as taken: the server may have read it.
    """

    def __init__(self, budget: Budget, prompt: int, answer: int, characters: int) -> None:
        self.prompt = prompt
        self.answer = answer
        self._budget = budget
        self._characters = characters
        self._open = True

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open:
            self._close(Reported(self.prompt, 0, 0))

    def free(self) -> None:
        """The server took nothing: it refused the request, or was never reached."""
        self._close(Reported(0, 0, 0))

    def settle(self, reported: Reported | None, content: str) -> None:
        """The server answered this, and says that it took so much."""
        said = tokens_of(content)
        if reported is None:
            self._close(Reported(self.prompt, 0, said))
            return
        prompt, completion = reported.prompt, reported.completion
        if not self.prompt // 4 <= prompt <= 4 * self._characters + 2_000:
            logger.warning("The model's server counts %s tokens where %s are", prompt, self.prompt)
            prompt = self.prompt
        if not said // 4 <= completion <= max(2 * self.answer, self._budget.longest()):
            logger.warning(
                "The model's server counts %s tokens in an answer of %s", completion, said
            )
            completion = said
        self._close(Reported(prompt, max(0, min(reported.cached, prompt)), completion))

    def _close(self, tokens: Reported) -> None:
        self._open = False
        self._budget.settled(self, tokens)


def _sum(*tokens: Reported) -> Reported:
    return Reported(
        sum(each.prompt for each in tokens),
        sum(each.cached for each in tokens),
        sum(each.completion for each in tokens),
    )
