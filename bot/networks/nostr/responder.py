"""The answer to each command but a question or a vote: calls one service and words what it says."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errors import StorageError, UnknownSummaryError, UserError
from bot.domain.model import Audience, Group, Session, Summary
from bot.domain.ports import Now
from bot.networks.nostr import answers, summary_text
from bot.networks.nostr.context import Heard
from bot.services.questions import Questions
from bot.services.sessions import Sessions
from bot.services.summaries import Summaries

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said. An empty text says nothing; ``unasked`` is help that nobody asked for."""

    heard: Heard
    text: str = ""
    session: Session | None = None
    unasked: bool = False


class Responder:
    """Answers for one group."""

    def __init__(
        self,
        group: Group,
        sessions: Sessions,
        questions: Questions,
        summaries: Summaries,
        now: Now,
    ) -> None:
        self._group = group
        self._sessions = sessions
        self._questions = questions
        self._summaries = summaries
        self._now = now

    async def answer(self, heard: Heard) -> Answer:
        """Never raises but StorageError: every other failure has its sentence for the person."""
        try:
            return await self._answer(heard)
        except UserError as error:
            logger.info("refused %s: %s", heard.event.id, error)
            return Answer(heard, answers.refusal_text(error), heard.session)
        except StorageError:
            raise
        except Exception:
            logger.exception("can't answer %s", heard.event.id)
            return Answer(heard, answers.SORRY, heard.session)

    async def _answer(self, heard: Heard) -> Answer:
        match heard.command:
            case commands.Help():
                return Answer(heard, answers.HELP)
            case commands.Unclear():
                return Answer(heard, answers.HELP, unasked=True)
            case commands.Next():
                session = await self._sessions.next(self._group)
                return Answer(heard, answers.session_text(self._group, session), session)
            case commands.Sessions():
                listing = await self._sessions.listing(self._group)
                return Answer(heard, answers.sessions_text(listing, self._now()))
            case commands.Questions(session=name):
                session = await self._session(heard, name)
                board = await self._questions.board(session)
                return Answer(heard, answers.board_text(session, board), session)
            case commands.SummaryOf() as command:
                return await self._summary(heard, command)
            case commands.Evidence() as command:
                return await self._evidence(heard, command)
        return Answer(heard)

    async def _summary(self, heard: Heard, command: commands.SummaryOf) -> Answer:
        session = await self._summarised(heard, command.session)
        made, missing = await self._shown(session, command.audiences)
        return Answer(heard, answers.summaries_text(session, made, missing), session)

    async def _evidence(self, heard: Heard, command: commands.Evidence) -> Answer:
        """Under a summary's note it is of that one, as it stands there, unless another is named."""
        note = heard.summary
        if note and not command.session and set(command.audiences) <= {note.audience}:
            return Answer(heard, summary_text.posted_evidence_text(note), heard.session)
        session = await self._summarised(heard, command.session)
        made, _ = await self._shown(session, command.audiences or tuple(Audience))
        return Answer(heard, summary_text.evidence_text(session, made), session)

    async def _shown(
        self, session: Session, audiences: Sequence[Audience]
    ) -> tuple[list[Summary], str]:
        """Those of them that members are shown, one at least, and why it isn't all."""
        made, refusal = [], None
        for audience in audiences:
            try:
                made.append(await self._summaries.get(session, audience))
            except UnknownSummaryError as error:
                refusal = error
        if refusal is not None and not made:
            raise refusal
        return made, str(refusal or "")

    async def _summarised(self, heard: Heard, name: str) -> Session:
        """Like ``_session``, and its summaries are read with it."""
        if not name and heard.session is not None:
            return heard.session
        return await self._summaries.session(self._group, name)

    async def _session(self, heard: Heard, name: str) -> Session:
        """By name; without one the session whose thread it is, else the next (or the latest)."""
        if not name and heard.session is not None:
            return heard.session
        return await self._sessions.find(self._group, name)
