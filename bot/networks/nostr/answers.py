"""What the bot answers to people on Nostr, as plain text; rules are the services'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.model import (
    Author,
    Group,
    Network,
    Question,
    QuestionStatus,
    Session,
    Summary,
)
from bot.domain.posts import card_of
from bot.networks.nostr.nip19 import encode_npub
from bot.networks.nostr.plaintext import CONTENT_BYTES, fit, inert, short_when, when
from bot.networks.nostr.render import facts, topic
from bot.networks.nostr.summary_text import stored
from bot.services.questions import Voted

SORRY = "Something went wrong on my side; it is logged. Please try again."

HELP = """I run a reading group. Mention me with one of these:

next – when and what the next session is
sessions – what is ahead and what was
summary plain – what the reading says, in plain words
summary techie – the same for techies
evidence – where the reading says it
ask … – puts your question on the next session's board
ask anonymously … – the same, without your name on the board
questions – what others asked
vote 3 – your vote for question 3; “unvote 3” takes it back

A like on my answer to a question is a vote, too. \
Under a session's note, a reply with a question is enough. \
To name a session, add its name: “summary plain llm-moats”."""

_HALF_A_YEAR = timedelta(days=183)


def session_text(group: Group, session: Session) -> str:
    """The answer to `next`."""
    card = card_of(group, session)
    return fit("\n\n".join(part for part in (session.title, facts(card), topic(card)) if part))


def sessions_text(sessions: Sequence[Session], now: datetime) -> str:
    """What is ahead, then what was, with the name to use in a command."""
    if not sessions:
        return "No session is planned yet. It will be announced here."
    ahead = [session for session in sessions if session.starts_at + session.duration > now]
    past = [session for session in sessions if session not in ahead]
    parts = []
    if ahead:
        parts.append("\n".join(["Coming up", *(_line(session, now) for session in ahead)]))
    if past:
        parts.append("\n".join(["Earlier", *(_line(session, now) for session in past)]))
    return fit("\n\n".join(parts))


def summaries_text(session: Session, summaries: Sequence[Summary], missing: str = "") -> str:
    """One or both summaries, each with where it comes from; ``missing``: why there is but one."""
    parts = [f"{session.title} – {when(session.starts_at, session.timezone)}"]
    parts += [missing] if missing else []
    parts += [stored(summary) for summary in summaries]
    return fit("\n\n".join(parts))


def board_text(session: Session, questions: Sequence[Question]) -> str:
    """The board, as many whole questions as a note holds."""
    shown = [question for question in questions if question.status is not QuestionStatus.HIDDEN]
    head = f"Questions for “{session.title}” ({_short(session)})"
    if not shown:
        return f"{head}\n\nNone yet. Mention me with “ask …” to put the first one."
    text = head
    for count, question in enumerate(shown):
        longer = f"{text}\n\n{_question(question)}"
        if len(longer.encode()) > CONTENT_BYTES // 2:  # half: JSON may escape every character
            return f"{text}\n\n… and {len(shown) - count} more."
        text = longer
    return text


def accepted_text(question: Question, session: Session) -> str:
    text = f"Question {question.number} for “{session.title}” ({_short(session)})."
    if question.author is None:
        text += "\n\nThe board doesn't name you; your own note stays public, as all of Nostr is."
    return text


def vote_text(voted: Voted, said: int) -> str:
    """What became of a vote for question ``said``, which may have been merged."""
    question = voted.question
    name = f"question {question.number} of “{voted.session.title}”"
    match voted.up, voted.changed:
        case True, True:
            text = f"Your vote for {name} counts"
        case True, False:
            text = f"You voted for {name} already"
        case False, True:
            text = f"Your vote for {name} is taken back"
        case _:
            text = f"You have no vote for {name}"
    merged = "" if question.number == said else f" (question {said} went into it)"
    return f"{text}{merged}; it has {_votes(question.votes)}."


def refusal_text(error: Exception) -> str:
    """An error's own sentence; it may quote what the person wrote."""
    return fit(inert(str(error)))


def _line(session: Session, now: datetime) -> str:
    """With the year where it may be taken for another one."""
    far = abs(session.starts_at - now) > _HALF_A_YEAR
    day = short_when(session.starts_at, session.timezone, year=far)
    return f"• {day}: {session.title} [{session.slug}]"


def _short(session: Session) -> str:
    return short_when(session.starts_at, session.timezone)


def _question(question: Question) -> str:
    votes = "" if not question.votes else f", {_votes(question.votes)}"
    done = ", answered" if question.status is QuestionStatus.ANSWERED else ""
    return f"{question.number}. {inert(question.text)} ({_asker(question)}{votes}{done})"


def _asker(question: Question) -> str:
    if question.author is not None:
        return _name(question.author)
    return "from the organisers" if question.network is Network.LOCAL else "anonymous"


def _votes(count: int) -> str:
    return f"{count or 'no'} vote{'s'[: count != 1]}"


def _name(author: Author) -> str:
    """A note is public for ever: who speaks in a closed server isn't named in one."""
    if author.network is not Network.NOSTR:
        return f"from {author.network.value.capitalize()}"
    return inert(author.name or encode_npub(author.address))  # shortened, to notify nobody
