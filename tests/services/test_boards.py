"""Votes and moderation: one vote a person, and what members don't see can't be voted for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.errors import (
    NotPermittedError,
    UnknownQuestionError,
    UnknownSessionError,
    UserError,
)
from bot.domain.model import (
    OPERATOR,
    Author,
    Caller,
    Destination,
    Group,
    Guild,
    Limits,
    Network,
    Post,
    PostKind,
    Question,
    QuestionStatus,
    Session,
    Submission,
)
from bot.services.boards import LastWords
from bot.services.questions import Ballot, Cast, Outcome, Questions, Voted
from bot.services.sessions import SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow

SECRET = b"s" * 32
ANN = Author(Network.NOSTR, "aa" * 32)
BEN = Author(Network.DISCORD, "22", "Ben")
CAT = Author(Network.DISCORD, "33", "Cat")
MEMBER = Caller(BEN, guild="1")


@pytest.fixture
def questions(store: SqliteStore, now: FakeNow) -> Questions:
    return Questions(store, now, Limits(), SECRET)


@pytest.fixture
async def session(
    sessions: Sessions, questions: Questions, group: Group, destination: Destination
) -> Session:
    """With three questions, 1 to 3."""
    added = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    session = (await sessions.announce(group, added.slug, by=OPERATOR)).session
    for number in (1, 2, 3):
        await questions.add(group, session.slug, f"Why {number}?", by=OPERATOR)
    return session


@pytest.fixture
async def elsewhere(store: SqliteStore, group: Group) -> Group:
    async with store.transaction() as tx:
        return await tx.groups.ensure(replace(group, slug="other", name="Other"))


async def numbers(questions: Questions, session: Session, **by: Any) -> list[int]:
    return [question.number for question in await questions.board(session, **by)]


async def status_of(questions: Questions, session: Session, number: int) -> QuestionStatus:
    board = await questions.board(session, by=OPERATOR)
    return next(question.status for question in board if question.number == number)


async def test_votes_rank_the_board_and_count_once_a_person(
    questions: Questions, group: Group, session: Session
) -> None:
    for _ in range(2):
        voted = await questions.vote(group, session.id, 3, ANN)
        assert (voted.question.number, voted.question.votes, voted.up) == (3, 1, True)
        assert voted.session.id == session.id
    assert not voted.changed
    assert (await questions.vote(group, session.id, 3, BEN)).question.votes == 2
    assert (await questions.vote(group, session.id, 2, ANN)).changed
    assert await numbers(questions, session) == [3, 2, 1]
    assert await questions.voted(session, ANN) == {2, 3}
    assert await questions.voted(session, CAT) == set()


async def test_a_vote_is_taken_back_once(
    questions: Questions, group: Group, session: Session
) -> None:
    await questions.vote(group, session.id, 1, ANN)
    first = await questions.vote(group, session.id, 1, ANN, up=False)
    second = await questions.vote(group, session.id, 1, ANN, up=False)
    assert (first.changed, first.question.votes) == (True, 0)
    assert (second.changed, second.question.votes) == (False, 0)
    assert (await questions.board(session))[0].votes == 0


async def test_a_toggle_votes_and_takes_back(
    questions: Questions, group: Group, session: Session
) -> None:
    ups = [(await questions.toggle_vote(group, session.id, 2, ANN)).up for _ in range(3)]
    assert ups == [True, False, True]
    assert await questions.voted(session, ANN) == {2}


async def test_presses_that_come_at_once_count_each_in_its_turn(
    questions: Questions, group: Group, session: Session
) -> None:
    await questions.vote(group, session.id, 3, ANN)
    crowd = [Author(Network.DISCORD, f"9{number}", f"P{number}") for number in range(30)]
    presses = [(2, ANN), (3, ANN), (2, ANN), (2, ANN), (7, BEN), (1, CAT), (1, CAT)]
    presses += [(2, each) for each in crowd]
    found = await asyncio.gather(
        *(questions.toggle_vote(group, session.id, number, voter) for number, voter in presses),
        return_exceptions=True,
    )
    assert isinstance(found[4], UnknownQuestionError)
    voted = [each for each in found if isinstance(each, Voted)]
    assert [each.up for each in voted[:6]] == [True, False, False, True, True, False]
    assert [each.question.votes for each in voted[:6]] == [1, 0, 0, 1, 1, 0]
    assert [sorted(each.numbers) for each in voted[:6]] == [[2, 3], [2], [], [2], [1], []]
    assert voted[-1].question.votes == 31
    assert {q.number: q.votes for q in await questions.board(session)} == {2: 31, 1: 0, 3: 0}
    assert await questions.voted(session, ANN) == {2}


@pytest.mark.parametrize("number", [0, -1, 4, 2**31, 2**80])
async def test_a_number_that_was_never_given_is_unknown(
    questions: Questions, group: Group, session: Session, number: int
) -> None:
    with pytest.raises(UnknownQuestionError):
        await questions.vote(group, session.id, number, ANN)
    with pytest.raises(UnknownQuestionError):
        await questions.hide(group, session.id, number, by=OPERATOR)


async def test_a_session_of_another_group_is_unknown(
    questions: Questions, session: Session, elsewhere: Group
) -> None:
    with pytest.raises(UnknownSessionError):
        await questions.vote(elsewhere, session.id, 1, ANN)
    with pytest.raises(UnknownSessionError):
        await questions.toggle_vote(elsewhere, session.id, 1, ANN)
    with pytest.raises(UnknownSessionError):
        await questions.hide(elsewhere, session.id, 1, by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await questions.merge(elsewhere, session.id, 1, 2, by=OPERATOR)
    assert (await questions.board(session))[0].votes == 0


async def test_members_vote_on_no_session_that_they_dont_see(
    questions: Questions, sessions: Sessions, group: Group, session: Session
) -> None:
    planned = await sessions.add(group, SessionPlan("Secret", "2026-12-20 19:00"), by=OPERATOR)
    await questions.add(group, planned.slug, "Why?", by=OPERATOR)
    with pytest.raises(UnknownSessionError, match="llama"):
        await questions.vote(group, planned.id, 1, ANN)
    await sessions.cancel(group, session.slug, by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await questions.vote(group, session.id, 1, ANN)
    with pytest.raises(UnknownSessionError):
        await questions.vote(group, 999, 1, ANN)


async def test_a_hidden_question_is_the_organisers_alone(
    questions: Questions, group: Group, session: Session
) -> None:
    await questions.vote(group, session.id, 2, ANN)
    for _ in range(2):
        hidden = await questions.hide(group, session.id, 2, by=OPERATOR)
        assert hidden.status is QuestionStatus.HIDDEN
    assert await numbers(questions, session) == [1, 3]
    assert await numbers(questions, session, by=MEMBER) == [1, 3]
    assert await numbers(questions, session, by=OPERATOR) == [2, 1, 3]
    with pytest.raises(UnknownQuestionError):
        await questions.vote(group, session.id, 2, BEN)
    again = await questions.reopen(group, session.id, 2, by=OPERATOR)
    assert (again.status, again.votes) == (QuestionStatus.OPEN, 1)
    assert (await questions.vote(group, session.id, 2, BEN)).question.votes == 2


async def test_an_answered_question_stays_on_the_board(
    questions: Questions, group: Group, session: Session
) -> None:
    done = await questions.answered(group, session.id, 1, by=OPERATOR)
    assert done.status is QuestionStatus.ANSWERED
    assert await numbers(questions, session) == [1, 2, 3]
    assert (await questions.vote(group, session.id, 1, ANN)).question.votes == 1


async def test_a_merged_questions_votes_go_to_the_one_it_went_into(
    questions: Questions, group: Group, session: Session
) -> None:
    for voter, number in ((ANN, 1), (BEN, 1), (ANN, 2)):
        await questions.vote(group, session.id, number, voter)
    for _ in range(2):
        into = await questions.merge(group, session.id, 1, 2, by=OPERATOR)
        assert (into.number, into.votes) == (2, 2), "Ann, who voted for both, counts once"
    assert await numbers(questions, session, by=OPERATOR) == [2, 3]
    voted = await questions.vote(group, session.id, 1, CAT)
    assert (voted.question.number, voted.question.votes) == (2, 3)
    assert await questions.voted(session, CAT) == {2}
    assert not (await questions.toggle_vote(group, session.id, 1, CAT)).up
    await questions.merge(group, session.id, 2, 3, by=OPERATOR)
    assert (await questions.vote(group, session.id, 1, CAT)).question.number == 3


async def test_a_question_is_merged_once_and_not_into_itself(
    questions: Questions, group: Group, session: Session
) -> None:
    with pytest.raises(UserError, match="into itself"):
        await questions.merge(group, session.id, 1, 1, by=OPERATOR)
    await questions.merge(group, session.id, 1, 2, by=OPERATOR)
    with pytest.raises(UserError, match="into itself"):
        await questions.merge(group, session.id, 2, 1, by=OPERATOR)
    with pytest.raises(UserError, match="went into question 2"):
        await questions.merge(group, session.id, 1, 3, by=OPERATOR)
    with pytest.raises(UserError, match="went into question 2"):
        await questions.reopen(group, session.id, 1, by=OPERATOR)
    assert await numbers(questions, session) == [2, 3]


async def test_nothing_is_merged_into_what_members_dont_see(
    questions: Questions, group: Group, session: Session
) -> None:
    await questions.hide(group, session.id, 2, by=OPERATOR)
    with pytest.raises(UnknownQuestionError):
        await questions.merge(group, session.id, 1, 2, by=OPERATOR)
    assert await numbers(questions, session) == [1, 3]


async def test_only_organisers_moderate(
    questions: Questions, store: SqliteStore, group: Group, session: Session, now: FakeNow
) -> None:
    async with store.transaction() as tx:
        await tx.groups.set_guild(Guild("1", group.id, "10", "5", now(), "77"))
    for call in (questions.hide, questions.reopen, questions.answered):
        with pytest.raises(NotPermittedError):
            await call(group, session.id, 1, by=MEMBER)
    with pytest.raises(NotPermittedError):
        await questions.merge(group, session.id, 1, 2, by=MEMBER)
    with pytest.raises(NotPermittedError):
        await questions.add(group, session.slug, "And mine?", by=MEMBER)
    with pytest.raises(NotPermittedError):
        await questions.hide(group, session.id, 1, by=Caller(ANN))
    assert await status_of(questions, session, 1) is QuestionStatus.OPEN
    organiser = replace(MEMBER, roles=frozenset({"77"}))
    await questions.hide(group, session.id, 1, by=organiser)
    assert await numbers(questions, session, by=organiser) == [1, 2, 3]
    asked = await questions.add(group, session.slug, "And mine?", by=organiser)
    assert asked.number == 4


async def test_an_organiser_elsewhere_is_none_here(
    questions: Questions, store: SqliteStore, group: Group, elsewhere: Group, session: Session,
    now: FakeNow,
) -> None:  # fmt: skip
    async with store.transaction() as tx:
        await tx.groups.set_guild(Guild("1", elsewhere.id, "10", "5", now(), ""))
    with pytest.raises(NotPermittedError):
        await questions.hide(group, session.id, 1, by=replace(MEMBER, manages_events=True))


def ballot(
    now: FakeNow, number: int = 1, voter: Author = ANN, *, later: int = 0, **more: Any
) -> Ballot:
    source = f"{voter.address}:{number}:{later}:{more.get('up', True)}"
    return Ballot(voter, source, now() + timedelta(seconds=later), number, **more)


def teller(group: Group, told: list[str]) -> Callable[[Cast], Post]:
    """Answers every ballot, and writes down what it says."""

    def tell(cast: Cast) -> Post:
        voted = cast.became
        said = f"{voted.question.votes} {voted.changed}" if isinstance(voted, Voted) else str(voted)
        told.append(said)
        return Post(
            key=f"reply:nostr:{cast.ballot.source_id}",
            group_id=group.id,
            network=Network.NOSTR,
            destination="aa" * 32,
            kind=PostKind.REPLY,
            payload="{}",
            wire=said.encode(),
            remote_id=f"answer to {cast.ballot.source_id}",
        )

    return tell


async def test_ballots_count_once_however_often_they_come(
    questions: Questions, group: Group, session: Session, now: FakeNow
) -> None:
    told: list[str] = []
    votes = [ballot(now), ballot(now, voter=BEN), ballot(now), ballot(now, 9)]
    deliveries = await questions.cast(group, votes, teller(group, told))
    assert told == ["1 True", "2 True", f"{UnknownQuestionError(9, session.title)}"]
    assert [delivery.post.wire for delivery in deliveries] == [said.encode() for said in told]
    assert await questions.cast(group, votes, teller(group, told)) == ()
    assert len(told) == 3
    assert (await questions.board(session))[0].votes == 2


async def test_a_replayed_ballot_doesnt_bring_back_what_was_taken_back(
    questions: Questions, store: SqliteStore, group: Group, session: Session, now: FakeNow
) -> None:
    vote, unvote = ballot(now), ballot(now, up=False, later=5)
    await questions.cast(group, [vote], teller(group, []))
    await questions.cast(group, [unvote], teller(group, []))
    restarted = Questions(store, now, Limits(), SECRET)
    await restarted.cast(group, [vote], teller(group, []))
    assert (await questions.board(session))[0].votes == 0


@pytest.mark.parametrize("together", [True, False])
async def test_of_a_vote_and_its_taking_back_the_later_counts_whichever_comes_first(
    questions: Questions, group: Group, session: Session, now: FakeNow, *, together: bool
) -> None:
    told: list[str] = []
    vote, unvote = ballot(now), ballot(now, up=False, later=5)
    for batch in [[unvote, vote]] if together else [[unvote], [vote]]:
        await questions.cast(group, batch, teller(group, told))
    assert (await questions.board(session))[0].votes == 0
    assert told == (["1 True", "0 True"] if together else ["0 False"])


async def test_a_ballot_is_for_the_session_it_names_or_stands_under_or_the_next(
    questions: Questions, sessions: Sessions, group: Group, session: Session, now: FakeNow
) -> None:
    added = await sessions.add(group, SessionPlan("Moats", "2026-12-03 19:00"), by=OPERATOR)
    await sessions.announce(group, added.slug, by=OPERATOR)
    await questions.add(group, "moats", "Why moats?", by=OPERATOR)
    told: list[str] = []
    votes = [
        ballot(now),
        ballot(now, voter=BEN, session_id=session.id),
        ballot(now, voter=CAT, session_id=session.id, session="moats"),
        ballot(now, 2, voter=CAT, session="llama"),
        ballot(now, 3, voter=CAT, session="nothing"),
    ]
    await questions.cast(group, votes, teller(group, told))
    assert "There is no session called “nothing”" in told[-1]
    moats, llama = await questions.board(added), await questions.board(session)
    assert [question.votes for question in moats] == [2]
    assert {question.number: question.votes for question in llama} == {1: 1, 2: 1, 3: 0}


async def test_a_ballot_under_a_cancelled_sessions_post_is_told_so(
    questions: Questions, sessions: Sessions, group: Group, session: Session, now: FakeNow
) -> None:
    await sessions.cancel(group, session.slug, by=OPERATOR)
    told: list[str] = []
    await questions.cast(group, [ballot(now, session_id=session.id)], teller(group, told))
    assert told == ["That session is off, or it is none of this group's."]


async def answer_to(questions: Questions, group: Group, now: FakeNow, session: Session) -> Question:
    """A question that came from Nostr, and was answered by "our answer"."""

    def reply(outcome: Outcome) -> Post:
        return Post(
            key=f"reply:nostr:{outcome.submission.source_id}",
            group_id=group.id,
            network=Network.NOSTR,
            destination="aa" * 32,
            kind=PostKind.REPLY,
            payload="{}",
            session_id=session.id,
            wire=b"{}",
            remote_id="our answer",
        )

    submission = Submission(group.id, CAT_ON_NOSTR, "note", "Why?", now(), session.id)
    submitted = await questions.submit([submission], reply)
    question = submitted.outcomes[0].question
    assert question is not None
    return question


CAT_ON_NOSTR = Author(Network.NOSTR, "cc" * 32)


async def test_a_reaction_to_our_answer_is_a_vote_for_the_question(
    questions: Questions, group: Group, session: Session, now: FakeNow
) -> None:
    question = await answer_to(questions, group, now, session)
    voted = await questions.react(Network.NOSTR, "our answer", group, ANN, up=True)
    assert voted is not None
    assert (voted.question.number, voted.question.votes) == (question.number, 1)
    taken_back = await questions.react(Network.NOSTR, "our answer", group, ANN, up=False)
    assert taken_back is not None
    assert (taken_back.changed, taken_back.question.votes) == (True, 0)


async def test_a_reaction_to_anything_else_is_nothing(
    questions: Questions, group: Group, session: Session, now: FakeNow
) -> None:
    await answer_to(questions, group, now, session)
    assert await questions.react(Network.NOSTR, "a note", group, ANN, up=True) is None
    assert await questions.react(Network.NOSTR, "note", group, ANN, up=True) is None
    assert await questions.react(Network.DISCORD, "our answer", group, ANN, up=True) is None
    assert await questions.voted(session, ANN) == set()


async def test_a_reaction_counts_once_and_in_the_order_of_reacting(
    questions: Questions, group: Group, session: Session, now: FakeNow
) -> None:
    question = await answer_to(questions, group, now, session)
    for source, up, later in (("b", False, 9), ("b", True, 9), ("a", True, 0), ("c", True, 20)):
        voted = await questions.react(
            Network.NOSTR,
            "our answer",
            group,
            ANN,
            up=up,
            source_id=source,
            at=now() + timedelta(seconds=later),
        )
        assert (voted is not None) == ((source, up) in {("b", False), ("c", True)})
    assert await questions.voted(session, ANN) == {question.number}


async def test_a_reaction_is_nothing_where_members_cant_vote(
    questions: Questions,
    sessions: Sessions,
    group: Group,
    elsewhere: Group,
    session: Session,
    now: FakeNow,
) -> None:
    question = await answer_to(questions, group, now, session)
    assert await questions.react(Network.NOSTR, "our answer", elsewhere, ANN, up=True) is None
    await questions.hide(group, session.id, question.number, by=OPERATOR)
    assert await questions.react(Network.NOSTR, "our answer", group, ANN, up=True) is None
    await questions.merge(group, session.id, question.number, 2, by=OPERATOR)
    voted = await questions.react(Network.NOSTR, "our answer", group, ANN, up=True)
    assert voted is not None
    assert voted.question.number == 2
    await sessions.cancel(group, session.slug, by=OPERATOR)
    assert await questions.react(Network.NOSTR, "our answer", group, BEN, up=True) is None


def test_last_words_are_forgotten_when_there_is_no_room_for_more(now: FakeNow) -> None:
    words = LastWords(room=2)
    first, second, third = (
        Question(i, 1, i, "Why?", Network.NOSTR, str(i), now()) for i in (1, 2, 3)
    )
    later = now() + timedelta(seconds=1)
    assert all(words.take(ANN, question, later) for question in (first, second, third))
    assert words.take(ANN, first, now()), "forgotten"
    assert not words.take(ANN, third, now())
    assert words.take(BEN, third, now()), "somebody else"
    assert words.take(ANN, first, now()), "the same moment isn't later"
