"""What mentions bring to a session's board: questions, votes, and reactions that are votes.

A batch becomes one call of the service, and its signed replies commit with it. The rules are the
service's; what a mention means was understood before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.commands import Ask, Vote
from bot.domain.model import Author, Delivery, Group, Network, Post, Submission
from bot.networks.nostr import answers
from bot.networks.nostr.context import Heard
from bot.networks.nostr.events import Event
from bot.networks.nostr.replies import Replies
from bot.networks.nostr.threads import reacted_to
from bot.services.questions import Ballot, Cast, Outcome, Questions, Voted

logger = logging.getLogger(__name__)

_TAKEN_BACK = "-"  # NIP-25: a dislike; everything else is a like or an emoji


class Boards:
    """The boards of one group. Each call is safe to repeat: an event counts once."""

    def __init__(self, questions: Questions, replies: Replies, group: Group) -> None:
        self._questions = questions
        self._replies = replies
        self._group = group

    async def ask(self, asks: Sequence[Heard]) -> Sequence[Delivery]:
        """Put questions on their boards, in the order given, all in one transaction."""
        by_id = {heard.event.id: heard for heard in asks}

        def reply(outcome: Outcome) -> Post | None:
            heard = by_id[outcome.submission.source_id]
            if outcome.question is not None and outcome.session is not None:
                text = answers.accepted_text(outcome.question, outcome.session)
            elif outcome.error is not None:
                text = answers.refusal_text(outcome.error)
            else:
                return None
            return self._replies.post(heard.mention, text, outcome.session)

        submissions = [
            self._submission(heard, heard.command)
            for heard in asks
            if isinstance(heard.command, Ask)
        ]
        return (await self._questions.submit(submissions, reply)).deliveries

    async def vote(self, votes: Sequence[Heard]) -> Sequence[Delivery]:
        """Cast votes, all in one transaction."""
        by_id = {heard.event.id: heard for heard in votes}

        def reply(cast: Cast) -> Post:
            heard = by_id[cast.ballot.source_id]
            voted = cast.became
            if isinstance(voted, Voted):
                text = answers.vote_text(voted, cast.ballot.number)
                return self._replies.post(heard.mention, text, voted.session)
            logger.info("refused %s: %s", heard.event.id, voted)
            return self._replies.post(heard.mention, answers.refusal_text(voted), heard.session)

        ballots = [
            self._ballot(heard, heard.command) for heard in votes if isinstance(heard.command, Vote)
        ]
        return await self._questions.cast(self._group, ballots, reply)

    async def react(self, event: Event) -> None:
        """A reaction (NIP-25) to our answer to a question is a vote, and gets no answer.

        One to anything else is nothing to us.
        """
        await self._questions.react(
            Network.NOSTR,
            reacted_to(event),
            self._group,
            _author(event),
            up=event.content != _TAKEN_BACK,
            source_id=event.id,
            at=_said_at(event),
        )

    def _submission(self, heard: Heard, ask: Ask) -> Submission:
        return Submission(
            group_id=self._group.id,
            author=_author(heard.event),
            source_id=heard.event.id,
            text=ask.text,
            submitted_at=_said_at(heard.event),
            session_id=None if heard.session is None else heard.session.id,
            anonymous=ask.anonymous,
        )

    def _ballot(self, heard: Heard, vote: Vote) -> Ballot:
        return Ballot(
            voter=_author(heard.event),
            source_id=heard.event.id,
            at=_said_at(heard.event),
            number=vote.number,
            up=vote.up,
            session=vote.session,
            session_id=None if heard.session is None else heard.session.id,
        )


def _author(event: Event) -> Author:
    return Author(Network.NOSTR, event.pubkey)


def _said_at(event: Event) -> datetime:
    return datetime.fromtimestamp(event.created_at, UTC)
