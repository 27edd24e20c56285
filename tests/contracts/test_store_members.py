"""What every store must do with votes, moderation, RSVPs and a person who wants to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.model import (
    Author,
    Holdings,
    Network,
    OutboxState,
    Post,
    Question,
    QuestionStatus,
    RsvpAnswer,
    Rsvps,
    Session,
)
from bot.domain.ports import Rows, Store
from tests.rows import DAY, NOON, a_group, a_reply, a_session, asked

MINUTE = timedelta(minutes=1)
NOSTR, DISCORD = Network.NOSTR, Network.DISCORD
ANN, BOB, EVE = (Author(NOSTR, key * 2, name) for key, name in (("a", "Ann"), ("b", ""), ("e", "")))
DAN = Author(DISCORD, "1234", "Dan")
NOBODY = Author(DISCORD, "9999")


async def ask(
    tx: Rows, session: Session, number: int, author: Author = ANN, *, anonymous: bool = False
) -> Question:
    new = asked(session, number, author.address, name=author.name, anonymous=anonymous)
    await tx.questions.add([replace(new, submission=replace(new.submission, author=author))], NOON)
    return await numbered(tx, session, number)


async def numbered(rows: Rows, session: Session, number: int) -> Question:
    question = await rows.questions.by_number(session.id, number)
    assert question is not None
    return question


def hash_of(author: Author) -> str:
    return f"hash of {author.address}"


def reply_to(session: Session, question: Question) -> Post:
    post = a_reply(session, f"reply:{question.network}:{question.source_id}")
    return replace(post, network=question.network, remote_id=f"answer to {question.number}")


class TestVotes:
    async def test_a_person_votes_once_and_can_take_it_back(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            question = await ask(tx, session, 1)
            assert await tx.questions.vote(question, session.group_id, BOB, NOON)
            assert not await tx.questions.vote(question, session.group_id, BOB, NOON + DAY)
            assert await tx.questions.vote(question, session.group_id, DAN, NOON)
            assert (await numbered(tx, session, 1)).votes == 2
            assert await tx.questions.unvote(question, BOB)
            assert not await tx.questions.unvote(question, BOB)
            assert not await tx.questions.unvote(question, NOBODY)
        async with store.read() as view:
            assert (await numbered(view, session, 1)).votes == 1

    async def test_who_votes_is_met_and_a_name_is_refreshed(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            question = await ask(tx, session, 1)
            await tx.questions.vote(question, session.group_id, DAN, NOON)
            await tx.questions.vote(question, session.group_id, replace(DAN, name=""), NOON)
            assert (await tx.people.holdings(DAN, "")).names == ("Dan",)
            await tx.questions.vote(question, session.group_id, replace(DAN, name="Daniel"), NOON)
            assert (await tx.people.holdings(DAN, "")).names == ("Daniel",)
            assert await tx.people.known(DISCORD, ["1234"], NOON + MINUTE) == {"1234"}

    async def test_what_a_person_votes_for_is_told_session_by_session(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            other = await tx.sessions.add(a_session(session.group_id, "other"), NOON)
            for where, number in ((session, 1), (session, 2), (session, 3), (other, 4)):
                question = await ask(tx, where, number)
                if number != 2:
                    await tx.questions.vote(question, session.group_id, BOB, NOON)
        async with store.read() as view:
            assert await view.questions.voted(session.id, BOB) == {1, 3}
            assert await view.questions.voted(other.id, BOB) == {4}
            assert await view.questions.voted(session.id, NOBODY) == set()
            same_key_elsewhere = Author(DISCORD, BOB.address)
            assert await view.questions.voted(session.id, same_key_elsewhere) == set()

    async def test_the_board_goes_by_votes_then_age_then_number(
        self, store: Store, session: Session
    ) -> None:
        asked_at = {1: NOON + MINUTE, 2: NOON, 3: NOON, 4: NOON + DAY}
        new = [asked(session, number) for number in asked_at]
        async with store.transaction() as tx:
            await tx.questions.add(
                [
                    replace(
                        each,
                        submission=replace(each.submission, submitted_at=asked_at[each.number]),
                    )
                    for each in new
                ],
                NOON,
            )
            last = await numbered(tx, session, 4)
            await tx.questions.vote(last, session.group_id, BOB, NOON)
        async with store.read() as view:
            board = await view.questions.of_session(session.id)
        assert [question.number for question in board] == [4, 2, 3, 1]


class TestModeration:
    async def numbers(self, rows: Rows, session: Session, *, hidden: bool = False) -> list[int]:
        board = await rows.questions.of_session(session.id, hidden=hidden)
        return [question.number for question in board]

    async def test_a_question_is_found_by_its_number_whatever_its_status(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            question = await ask(tx, session, 1, DAN)
            for status in QuestionStatus:
                await tx.questions.set_status(question, status)
                assert await numbered(tx, session, 1) == replace(question, status=status)
            assert await tx.questions.by_number(session.id, 2) is None
            assert await tx.questions.by_number(session.id + 1, 1) is None
        assert question.author == DAN

    async def test_only_organisers_see_hidden_ones(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            for number, status in enumerate(QuestionStatus, 1):
                await tx.questions.set_status(await ask(tx, session, number), status)
        seen = {status: number for number, status in enumerate(QuestionStatus, 1)}
        members = [seen[QuestionStatus.OPEN], seen[QuestionStatus.ANSWERED]]
        async with store.read() as view:
            assert await self.numbers(view, session) == members
            assert await self.numbers(view, session, hidden=True) == sorted(
                [*members, seen[QuestionStatus.HIDDEN]]
            )

    async def test_merged_votes_go_over_each_person_once(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            into, question = await ask(tx, session, 1, EVE), await ask(tx, session, 2, ANN)
            for voter, numbers in ((BOB, (into, question)), (DAN, (question,)), (EVE, (question,))):
                for each in numbers:
                    await tx.questions.vote(each, session.group_id, voter, NOON)
            await tx.questions.merge(question, into, NOON)
            await tx.questions.merge(question, into, NOON)
        async with store.read() as view:
            (board,) = await view.questions.of_session(session.id, hidden=True)
            merged = await numbered(view, session, 2)
            voters = [
                voter
                for voter in (ANN, BOB, DAN, EVE)
                if await view.questions.voted(session.id, voter) >= {1}
            ]
        assert (board.number, board.votes) == (1, 4)
        assert voters == [ANN, BOB, DAN, EVE], "its voters and who asked it"
        assert (merged.status, merged.merged_into, merged.votes) == (QuestionStatus.MERGED, 1, 3)

    @pytest.mark.parametrize(("author", "anonymous"), [(ANN, False), (BOB, True)])
    async def test_nobody_comes_to_vote_for_their_own_or_from_the_dark(
        self, store: Store, session: Session, author: Author, anonymous: bool
    ) -> None:
        async with store.transaction() as tx:
            into = await ask(tx, session, 1, ANN)
            question = await ask(tx, session, 2, author, anonymous=anonymous)
            await tx.questions.merge(question, into, NOON)
            assert (await numbered(tx, session, 1)).votes == 0

    async def test_an_author_votes_for_an_anonymous_one_too(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            into = await ask(tx, session, 1, BOB, anonymous=True)
            await tx.questions.merge(await ask(tx, session, 2, ANN), into, NOON)
            assert (await numbered(tx, session, 1)).votes == 1

    async def test_merging_goes_on_through_what_was_merged_before(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            first, second, third = [await ask(tx, session, number) for number in (1, 2, 3)]
            await tx.questions.vote(first, session.group_id, BOB, NOON)
            await tx.questions.merge(first, second, NOON)
            await tx.questions.merge(second, third, NOON)
            assert (await numbered(tx, session, 1)).merged_into == 3
            assert (await numbered(tx, session, 2)).merged_into == 3
            assert (await numbered(tx, session, 3)).votes == 1

    async def test_a_merged_one_that_is_opened_again_stands_alone(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            into, question = await ask(tx, session, 1), await ask(tx, session, 2)
            await tx.questions.merge(question, into, NOON)
            await tx.questions.set_status(question, QuestionStatus.OPEN)
            assert await numbered(tx, session, 2) == question
            assert await self.numbers(tx, session) == [1, 2]


class TestReplies:
    async def test_our_replies_lead_to_the_questions_that_they_answer(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            questions = [await ask(tx, session, 1), await ask(tx, session, 2, DAN)]
            help_given = replace(a_reply(session, f"reply:nostr:{'f' * 64}"), remote_id="help")
            notice = replace(a_reply(session, "notice"), remote_id="notice")
            posts = [*(reply_to(session, question) for question in questions), help_given, notice]
            await tx.outbox.add(posts, NOON)
        ids = ["answer to 1", "answer to 2", "help", "notice", "nothing"]
        async with store.read() as view:
            assert await view.questions.by_reply(NOSTR, ids) == {"answer to 1": questions[0]}
            assert await view.questions.by_reply(DISCORD, ids) == {"answer to 2": questions[1]}
            assert await view.questions.by_reply(Network.LOCAL, ids) == {}
            assert await view.questions.by_reply(NOSTR, []) == {}

    async def test_an_answer_is_known_before_and_after_it_was_sent(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            question = await ask(tx, session, 1)
            (delivery,) = await tx.outbox.add_claimed(
                [reply_to(session, question)], NOON, NOON + MINUTE
            )
            assert set(await tx.questions.by_reply(NOSTR, ["answer to 1"])) == {"answer to 1"}
            await tx.outbox.mark_sent([(delivery, "")], NOON)
            assert set(await tx.questions.by_reply(NOSTR, ["answer to 1"])) == {"answer to 1"}


class TestRsvps:
    async def test_the_last_answer_counts(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            assert await tx.sessions.rsvp_of(session.id, ANN) is None
            for answer in (RsvpAnswer.NO, RsvpAnswer.MAYBE, RsvpAnswer.YES):
                await tx.sessions.set_rsvp(session, ANN, answer, NOON)
                assert await tx.sessions.rsvp_of(session.id, ANN) is answer
            await tx.sessions.set_rsvp(session, DAN, RsvpAnswer.NO, NOON)
        async with store.read() as view:
            assert await view.sessions.rsvps(session.id) == Rsvps(yes=1, no=1)
            assert await view.sessions.rsvp_of(session.id + 1, ANN) is None
            assert (await view.people.holdings(DAN, "")).names == ("Dan",)

    async def test_interest_counts_as_maybe_and_can_be_taken_back(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            assert not await tx.sessions.clear_interest(session, DAN)
            assert await tx.sessions.set_interest(session, DAN, NOON)
            assert not await tx.sessions.set_interest(session, DAN, NOON)
            assert await tx.sessions.rsvps(session.id) == Rsvps(maybe=1)
            assert await tx.sessions.rsvp_of(session.id, DAN) is RsvpAnswer.MAYBE
            assert await tx.sessions.clear_interest(session, DAN)
            assert await tx.sessions.rsvps(session.id) == Rsvps()

    @pytest.mark.parametrize("answer", RsvpAnswer)
    async def test_what_was_said_outlives_interest(
        self, store: Store, session: Session, answer: RsvpAnswer
    ) -> None:
        async with store.transaction() as tx:
            await tx.sessions.set_interest(session, DAN, NOON)
            await tx.sessions.set_rsvp(session, DAN, answer, NOON)
            assert not await tx.sessions.set_interest(session, DAN, NOON)
            assert not await tx.sessions.clear_interest(session, DAN)
            assert await tx.sessions.rsvp_of(session.id, DAN) is answer


class TestForgetting:
    async def everywhere(self, tx: Rows, session: Session, person: Author) -> list[Session]:
        """The person asks (signed and not), votes and answers in two groups; others too."""
        other_group = await a_group(tx, "other")
        elsewhere = await tx.sessions.add(a_session(other_group.id), NOON)
        for where in (session, elsewhere):
            signed = await ask(tx, where, 1, person)
            await ask(tx, where, 2, person, anonymous=True)
            bobs = await ask(tx, where, 3, BOB)
            await tx.questions.vote(bobs, where.group_id, person, NOON)
            await tx.questions.vote(signed, where.group_id, BOB, NOON)
            await tx.sessions.set_rsvp(where, person, RsvpAnswer.YES, NOON)
            await tx.sessions.set_rsvp(where, BOB, RsvpAnswer.NO, NOON)
        return [session, elsewhere]

    async def test_what_is_held_is_told_and_then_gone_from_every_group(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            sessions = await self.everywhere(tx, session, DAN)
            await tx.sessions.set_rsvp(session, replace(DAN, name="Dan B."), RsvpAnswer.NO, NOON)
        held = Holdings(questions=4, anonymous=2, votes=2, rsvps=2, names=("Dan B.", "Dan"))
        async with store.read() as view:
            assert await view.people.holdings(DAN, hash_of(DAN)) == held
        async with store.transaction() as tx:
            assert await tx.people.forget(DAN, hash_of(DAN)) == held
        async with store.read() as view:
            assert await view.people.holdings(DAN, hash_of(DAN)) == Holdings()
            assert await view.people.known(DISCORD, [DAN.address], NOON + DAY) == set()
            for where in sessions:
                board = await view.questions.of_session(where.id, hidden=True)
                assert [(question.number, question.votes) for question in board] == [(3, 0)]
                assert await view.sessions.rsvps(where.id) == Rsvps(no=1)
                assert await view.questions.voted(where.id, BOB) == set()

    async def test_of_a_question_only_the_number_is_left(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            before = [await ask(tx, session, 1), await ask(tx, session, 2, anonymous=True)]
            await tx.people.forget(ANN, hash_of(ANN))
        async with store.read() as view:
            for question in before:
                assert await numbered(view, session, question.number) == replace(
                    question,
                    text="",
                    author=None,
                    source_id=f"forgotten:{question.id}",
                    status=QuestionStatus.FORGOTTEN,
                )
            sources = [question.source_id for question in before]
            assert await view.questions.by_source(NOSTR, sources) == []
            assert await view.questions.last_numbers([session.id]) == {session.id: 2}
            asked_by_ann = [(session.id, hash_of(ANN))]
            assert await view.questions.counts_by_author(asked_by_ann) == {}

    async def test_a_replay_of_what_was_forgotten_is_still_seen(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            question = await ask(tx, session, 1)
            await tx.seen.add(NOSTR, [question.source_id], NOON)
            await tx.people.forget(ANN, hash_of(ANN))
            assert await tx.seen.which(NOSTR, [question.source_id]) == {question.source_id}

    async def test_others_lose_nothing(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await self.everywhere(tx, session, DAN)
            local = await ask(tx, session, 4, Author(Network.LOCAL, ""))
            same_key_elsewhere = Author(NOSTR, DAN.address, "Not Dan")
            other = await ask(tx, session, 5, same_key_elsewhere)
            before = await tx.people.holdings(BOB, hash_of(BOB))
            await tx.people.forget(DAN, "")
            assert await numbered(tx, session, 4) == local
            assert await numbered(tx, session, 5) == other
            anonymous = await numbered(tx, session, 2)
            assert anonymous.status is QuestionStatus.OPEN, "nobody's hash is no hash"
            assert await tx.people.holdings(BOB, hash_of(BOB)) == replace(before, votes=0)

    async def test_who_is_unknown_holds_nothing(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            question = await ask(tx, session, 1)
            assert await tx.people.forget(NOBODY, hash_of(NOBODY)) == Holdings()
            assert await numbered(tx, session, 1) == question

    async def test_what_others_merged_into_it_opens_again_with_its_votes(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            anns, bobs, anns_too = [
                await ask(tx, session, number, author)
                for number, author in ((1, ANN), (2, BOB), (3, ANN))
            ]
            await tx.questions.vote(bobs, session.group_id, DAN, NOON)
            await tx.questions.merge(bobs, anns, NOON)
            await tx.questions.merge(anns_too, anns, NOON)
            assert (await tx.people.holdings(DAN, "")).votes == 1, "one vote, though handed over"
            await tx.people.forget(ANN, hash_of(ANN))
        async with store.read() as view:
            assert await view.questions.of_session(session.id) == [replace(bobs, votes=1)]
            assert (await numbered(view, session, 3)).merged_into is None

    async def test_our_replies_are_emptied_or_never_sent(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            questions = [await ask(tx, session, number) for number in (1, 2, 3)]
            bobs = await ask(tx, session, 4, BOB)
            replies = [reply_to(session, question) for question in [*questions, bobs]]
            sent, on_its_way = await tx.outbox.add_claimed(replies[:2], NOON, NOON + MINUTE)
            await tx.outbox.add(replies[2:], NOON)
            await tx.outbox.mark_sent([(sent, "")], NOON)
            await tx.people.forget(ANN, hash_of(ANN))
            assert await tx.outbox.mark_sent([(on_its_way, "")], NOON) == 0
            assert await tx.outbox.count(NOSTR) == {
                OutboxState.SKIPPED: 2,
                OutboxState.PENDING: 1,
            }
            claimed = await tx.outbox.claim(NOSTR, NOON + DAY, NOON + 2 * DAY, 10)
            assert [delivery.post for delivery in claimed] == [replies[3]]
            assert await tx.outbox.add(replies[:3], NOON) == 0, "the keys stay taken"
        assert await self.wires(store, session, replies) == [None, None, None, b"{}"]

    async def wires(
        self, store: Store, session: Session, replies: Sequence[Post]
    ) -> list[bytes | None]:
        """What is kept of each reply, oldest first, as the newest reply before a later one."""
        async with store.read() as view:
            found = [(await view.outbox.thread_of(reply)).previous for reply in replies[1:]]
            last = replace(replies[-1], key="later")
            return [*found, (await view.outbox.thread_of(last)).previous]
