"""What people say to the bot, and what it must make of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands import (
    Ask,
    Chatter,
    Command,
    Evidence,
    Help,
    Next,
    Questions,
    Sessions,
    SummaryOf,
    Unclear,
    Vote,
)
from bot.domain.grammar import parse
from bot.domain.model import Audience

T, P = Audience.TECHIE, Audience.PLAIN
NPUB = "npub1" + "q" * 58
OTHER = "npub1" + "z" * 58
NPROFILE = "nprofile1" + "p" * 70
NAMES = ("Readalong", NPUB, NPROFILE)
BOTH = SummaryOf((T, P))
PLAIN = SummaryOf((P,))
TECHIE = SummaryOf((T,))

SAID: list[tuple[str, Command]] = [
    # help
    ("help", Help()),
    ("HELP!", Help()),
    ("Help me please", Help()),
    ("@Readalong help", Help()),
    (f"nostr:{NPUB} help", Help()),
    ("/help", Help()),
    ("!help", Help()),
    ("?", Help()),
    ("commands", Help()),
    ("menu", Help()),
    ("/start", Help()),
    ("halp", Help()),
    ("what can you do?", Help()),
    ("How does this work?", Help()),
    ("who are you?", Help()),
    ("and what is this?", Help()),
    ("how do I ask a question?", Help()),
    ("Can I ask a question?", Help()),
    ("ask", Help()),
    ("q:", Help()),
    # next
    ("next", Next()),
    ("Next.", Next()),
    ("NEXT???", Next()),
    ("/next", Next()),
    ("!next", Next()),
    (f"nostr:{NPUB} next", Next()),
    (f"nostr:{NPROFILE} next", Next()),
    (f"@{NPUB} next", Next()),
    (f"next nostr:{NPUB}", Next()),
    (f"{NPUB} next please", Next()),
    (f"nostr:{OTHER} nostr:{NPUB} next", Next()),
    ("@readalong, next!", Next()),
    ("READALONG: next", Next()),
    ("next, Readalong", Next()),
    ("hey Readalong what's next?", Next()),
    ("what’s next 👀", Next()),
    ("👋 next 🙏", Next()),
    ("gm! next session?", Next()),
    ("nxt", Next()),
    ("what is next?", Next()),
    ("when is the next session?", Next()),
    ("When's the next one?", Next()),
    ("when do we meet?", Next()),
    ("where do we meet", Next()),
    ("when is it?", Next()),
    ("what are we reading?", Next()),
    ("what's the next reading?", Next()),
    ("can you tell me when the next meeting is", Next()),
    ("n\u200bext", Next()),
    ("ｎｅｘｔ", Next()),
    # sessions
    ("sessions", Sessions()),
    ("Sessions please", Sessions()),
    ("session", Sessions()),
    ("/sessions", Sessions()),
    ("list sessions", Sessions()),
    ("show me all the sessions", Sessions()),
    ("what sessions are there?", Sessions()),
    ("schedule", Sessions()),
    ("upcoming sessions", Sessions()),
    ("past meetings", Sessions()),
    ("sesions", Sessions()),
    ("sessions in atlanta", Sessions()),
    # summary
    ("summary", BOTH),
    ("Summary both", BOTH),
    ("summaries", BOTH),
    ("both summaries please", BOTH),
    ("techie and plain summary", BOTH),
    ("tldr", BOTH),
    ("tl;dr", BOTH),
    ("TL;DR please", BOTH),
    ("sumary", BOTH),
    ("sumarry?", BOTH),
    ("summary plain", PLAIN),
    ("plain summary", PLAIN),
    ("Plain!", PLAIN),
    ("in plain english please", PLAIN),
    ("summry plain", PLAIN),
    ("/summary plain", PLAIN),
    ("can I get the plain summary?", PLAIN),
    ("could you please give me a simple summary", PLAIN),
    ("summary non-techie", PLAIN),
    ("non-technical summary pls", PLAIN),
    ("easy summary", PLAIN),
    ("summary without jargon", PLAIN),
    ("tldr for beginners", PLAIN),
    ("ELI5", PLAIN),
    ("summarise it in simple words", PLAIN),
    ("summary techie", TECHIE),
    ("summary tech", TECHIE),
    ("technical summary", TECHIE),
    ("the technical tl;dr please", TECHIE),
    (f"nostr:{NPUB} summary techie", TECHIE),
    ("summary llm-moats", SummaryOf((T, P), "llm-moats")),
    ("summary techie llm-moats", SummaryOf((T,), "llm-moats")),
    ("summary llm-moats plain", SummaryOf((P,), "llm-moats")),
    ("summary plain of LLM moats", SummaryOf((P,), "llm moats")),
    ("summary of “The State of the Art”", SummaryOf((T, P), "state of the art")),
    ("give me a plain summary of llm moats please", SummaryOf((P,), "llm moats")),
    ("summary 2023-07-05", SummaryOf((T, P), "2023-07-05")),
    ("summary plain for the next session", SummaryOf((P,), "next")),
    ("techie summary of the last session", SummaryOf((T,), "last")),
    # evidence
    ("evidence", Evidence()),
    ("Evidence?", Evidence()),
    ("evidense", Evidence()),
    ("/evidence", Evidence()),
    ("sources", Evidence()),
    ("quotes please", Evidence()),
    ("show me the quotes", Evidence()),
    ("what are your sources?", Evidence()),
    ("is there evidence for that?", Evidence()),
    ("evidence for point 3", Evidence()),
    ("citation needed", Evidence()),
    ("where does it say that?", Evidence()),
    (f"nostr:{NPUB} Where does it say so", Evidence()),
    ("where does the text say this?", Evidence()),
    ("can you show me where it says that?", Evidence()),
    ("where is that from?", Evidence()),
    ("says who?", Evidence()),
    ("evidence plain", Evidence((P,))),
    ("evidence for the plain summary", Evidence((P,))),
    ("where does the plain summary say that?", Evidence((P,))),
    ("techie evidence", Evidence((T,))),
    ("both sources", Evidence((T, P))),
    ("evidence plain llm-moats", Evidence((P,), "llm-moats")),
    ("evidence for LLM moats", Evidence((), "llm moats")),
    ("where does it say that? no-key-night", Evidence((), "no-key-night")),
    (f"Where does it say that? nostr:{NPUB} no-key-night", Evidence((), "no-key-night")),
    ("where does it say that, no-key-night?", Evidence((), "no-key-night")),
    ("where does it say that in no-key-night?", Evidence((), "no-key-night")),
    ("where does it say that? plain no-key-night please", Evidence((P,), "no-key-night")),
    ("Where does the plain summary say that？ LLM moats", Evidence((P,), "llm moats")),
    ("where does it say that? “LLM moats”", Evidence((), "llm moats")),
    ("where does it say that for LLM moats?", Evidence((), "llm moats")),
    ("says who? llm-moats", Evidence((), "llm-moats")),
    ("where does it say that? in the last session", Evidence((), "last")),
    ("where does it say that in the last session?", Evidence((), "last")),
    ("where does it say that? plain", Evidence((P,))),
    ("where does it say that? lol nice", Evidence()),
    ("where does it say that? show me the quotes", Evidence()),
    ("where does it say that? I can't find it", Unclear()),
    ("where does it say that? " + "a very " * 12 + "long name", Unclear()),
    ("where does it say that scaling is over?", Unclear()),
    ("where does it say that scaling wins? llm-moats", Unclear()),
    ("where does it say that self-attention is quadratic?", Unclear()),
    ("where does it say self-attention?", Unclear()),
    ("how do you know about scaling?", Unclear()),
    ("where is that fromage?", Unclear()),
    ("evidence of the last session", Evidence((), "last")),
    ("can you give me the evidence for llm-moats?", Evidence((), "llm-moats")),
    ("thanks for the sources", Chatter()),
    ("is there any evidence of harm?", Unclear()),
    ("what evidence is there for scaling laws?", Unclear()),
    ("sources say it leaked", Unclear()),
    ("evidence is there", Unclear()),
    ("source code?", Unclear()),
    ("evidence of " + "a very " * 12 + "long name", Chatter()),
    # ask
    ("ask what is a moat?", Ask("what is a moat?")),
    ("Ask: what is a moat?", Ask("what is a moat?")),
    ("ASK - what is a moat?", Ask("what is a moat?")),
    ("/ask what is a moat?", Ask("what is a moat?")),
    ("aks what is a moat?", Ask("what is a moat?")),
    ("question: what is a moat?", Ask("what is a moat?")),
    ("Question what is a moat", Ask("what is a moat")),
    ("q: what is a moat?", Ask("what is a moat?")),
    ("Q. what is a moat?", Ask("what is a moat?")),
    ("q1: what is a moat?", Ask("what is a moat?")),
    ("questions: why? and how?", Ask("why? and how?")),
    (f"nostr:{NPUB} ask what is a moat?", Ask("what is a moat?")),
    (f"ask nostr:{NPUB} what is a moat?", Ask("what is a moat?")),
    (f"ask what is a moat? nostr:{NPUB}", Ask("what is a moat?")),
    ("hey @Readalong, please ask why Readalong exists?", Ask("why Readalong exists?")),
    ("I have a question: why now?", Ask("why now?")),
    ("I'd like to ask: why now?", Ask("why now?")),
    ("My question is: why now?", Ask("why now?")),
    ("can I ask why now?", Ask("why now?")),
    ("question for the board: why now?", Ask("why now?")),
    ("Great note.\n\nq: why now?", Ask("why now?")),
    ("ask\nline one\nline two", Ask("line one\nline two")),
    ("ask anonymously: why now?", Ask("why now?", anonymous=True)),
    ("ask anonymously why now?", Ask("why now?", anonymous=True)),
    ("ask (anonymous): why now?", Ask("why now?", anonymous=True)),
    ("anon q: why now?", Ask("why now?", anonymous=True)),
    ("anon ask why now?", Ask("why now?", anonymous=True)),
    ("anonymous question: why now?", Ask("why now?", anonymous=True)),
    ("anonymously: why now?", Ask("why now?", anonymous=True)),
    ("q: why now? (anon)", Ask("why now?", anonymous=True)),
    ("ask why now? anonymously please", Ask("why now?", anonymous=True)),
    ("ask who is anonymous", Ask("who is anonymous")),
    # questions
    ("questions", Questions()),
    ("Questions?", Questions()),
    ("qustions", Questions()),
    ("board", Questions()),
    ("question board", Questions()),
    ("show me the questions", Questions()),
    ("what questions are there so far?", Questions()),
    ("questions llm-moats", Questions("llm-moats")),
    ("list questions for llm moats", Questions("llm moats")),
    ("questions for the last session", Questions("last")),
    # vote
    ("vote 3", Vote(3)),
    ("Vote for 3!", Vote(3)),
    ("/vote 3", Vote(3)),
    ("vote: 3", Vote(3)),
    ("upvote #3", Vote(3)),
    ("up-vote 3", Vote(3)),
    ("vote for question 3", Vote(3)),
    ("vote for question no. 3 please", Vote(3)),
    ("vote q3", Vote(3)),
    ("vote for three", Vote(3)),
    ("vote ３", Vote(3)),
    ("+1 3", Vote(3)),
    ("+1 for #3", Vote(3)),
    (f"nostr:{NPUB} +1 3", Vote(3)),
    ("hey Readalong, +1 for question 3!", Vote(3)),
    ("I'd like to vote for question 3", Vote(3)),
    ("my vote goes to 12", Vote(12)),
    ("can I vote for 3?", Vote(3)),
    ("vote 3 up", Vote(3)),
    ("vote 3 llm-moats", Vote(3, "llm-moats")),
    ("vote for 3 in LLM moats", Vote(3, "llm moats")),
    ("+1 for question 3 of the last session", Vote(3, "last")),
    ("vote 3 for the next one", Vote(3, "next")),
    ("Vote for Q3: it's the best", Vote(3)),
    ("vote 3, because it matters", Vote(3)),
    ("vote 3 - so good", Vote(3)),
    ("vote 3\nsuch a good one", Vote(3)),
    ("unvote 3", Vote(3, up=False)),
    ("!unvote 3", Vote(3, up=False)),
    ("un-vote question 3", Vote(3, up=False)),
    ("unvote 3 llm-moats", Vote(3, "llm-moats", up=False)),
    ("downvote 3", Vote(3, up=False)),
    ("vote down 3", Vote(3, up=False)),
    ("vote 3 down", Vote(3, up=False)),
    ("-1 3", Vote(3, up=False)),
    ("take back my vote for 3", Vote(3, up=False)),
    ("take my vote for 3 back", Vote(3, up=False)),
    ("remove my vote from question 3", Vote(3, up=False)),
    ("vote", Help()),
    ("how do I vote?", Help()),
    ("vote for a question", Help()),
    ("+1", Chatter()),
    ("-1", Chatter()),
    ("+1 this", Chatter()),
    ("vote 3 and 5", Unclear()),
    ("vote 3.5", Unclear()),
    ("vote for one of them", Unclear()),
    ("vote for me", Unclear()),
    ("can we vote 3 times?", Unclear()),
    ("vote 3 they said", Unclear()),
    ("vote 3 times a week is what they did", Chatter()),
    ("Your vote for question 3 of “Moats” counts; it has 4 votes.", Chatter()),
    # talk
    ("thanks!", Chatter()),
    ("Thank you so much, very useful", Chatter()),
    ("thanks for the summary!", Chatter()),
    ("Thank you so much for the questions", Chatter()),
    ("thanks, see the archive page", Chatter()),
    ("thanks! next please", Next()),
    ("ty 🙏", Chatter()),
    ("great", Chatter()),
    ("gm", Chatter()),
    ("gm gm ☀️", Chatter()),
    ("hi", Chatter()),
    ("🔥", Chatter()),
    ("👍🏽👍🏽", Chatter()),
    ("❤️", Chatter()),
    ("...", Chatter()),
    ("see you there", Chatter()),
    ("can't wait!", Chatter()),
    ("count me in", Chatter()),
    ("lol", Chatter()),
    ("ok", Chatter()),
    ("please", Chatter()),
    (f"I told them that nostr:{NPUB} runs a reading group in Atlanta", Chatter()),
    # not understood
    (f"nostr:{NPUB}", Unclear()),
    ("@Readalong", Unclear()),
    ("moats", Unclear()),
    ("what is a moat?", Unclear()),
    ("/frobnicate", Unclear()),
    ("!moats now", Unclear()),
    ("remind me tomorrow", Unclear()),
    ("https://example.org/a?b", Chatter()),
]


@pytest.mark.parametrize(("text", "command"), SAID, ids=[repr(text) for text, _ in SAID])
def test_a_mention_means_what_it_says(text: str, command: Command) -> None:
    assert parse(text, names=NAMES) == command


UNDER_A_SESSION: list[tuple[str, Command]] = [
    ("What is a moat?", Ask("What is a moat?")),
    (f"nostr:{NPUB} what is a moat?", Ask("what is a moat?")),
    (f"what is a moat? nostr:{NPUB}", Ask("what is a moat?")),
    ("how does it scale", Ask("how does it scale")),
    ("is it true that open models win", Ask("is it true that open models win")),
    ("where does the money come from", Ask("where does the money come from")),
    ("Great read! But why no moat? Curious.", Ask("Great read! But why no moat? Curious.")),
    ("¿Qué es un foso", Ask("¿Qué es un foso")),
    ("護城河是什麼？", Ask("護城河是什麼？")),
    ("Is the summary missing point 3?", Ask("Is the summary missing point 3?")),
    ("What's the plain summary of point 3?", Ask("What's the plain summary of point 3?")),
    ("Help me understand, what is a moat?", Ask("Help me understand, what is a moat?")),
    ("why now? (anonymous)", Ask("why now?", anonymous=True)),
    ("ask open models and money", Ask("open models and money")),
    ("why " + "and " * 300 + "on", Ask("why " + "and " * 300 + "on")),
    ("summary plain", PLAIN),
    ("can I get the plain summary?", PLAIN),
    ("where does it say that?", Evidence()),
    ("sources?", Evidence()),
    ("evidence for the techie one", Evidence((T,))),
    ("evidence plain llm-moats", Evidence((P,), "llm-moats")),
    ("evidence plain moats", Evidence((P,), "moats")),
    ("where does it say that? llm-moats", Evidence((), "llm-moats")),
    ("where does it say that? plain", Evidence((P,))),
    ("where does it say that? Other moats", Ask("where does it say that? Other moats")),
    (
        "where does it say that in self-attention?",
        Ask("where does it say that in self-attention?"),
    ),
    ("evidence for llm moats", Evidence((), "llm moats")),
    ("Evidence for scaling laws?", Ask("Evidence for scaling laws?")),
    ("is there any evidence of harm?", Ask("is there any evidence of harm?")),
    (
        "where does it say that scaling is over?",
        Ask("where does it say that scaling is over?"),
    ),
    ("the evidence is weak", Chatter()),
    ("evidence weak", Chatter()),
    ("next", Next()),
    ("when is the next session?", Next()),
    ("help", Help()),
    ("questions", Questions()),
    ("vote 3", Vote(3)),
    ("+1 for 3 in llm-moats", Vote(3, "llm-moats")),
    ("vote", Chatter()),
    ("did they vote on 3 of them", Ask("did they vote on 3 of them")),
    ("How do I vote?", Ask("How do I vote?")),
    ("Can we vote for 3 in one go?", Ask("Can we vote for 3 in one go?")),
    ("thanks!", Chatter()),
    ("lol really?", Chatter()),
    ("what is it so good for?", Ask("what is it so good for?")),
    ("I disagree with point 3", Chatter()),
    ("when I read this I laughed", Chatter()),
    ("Is this on a calendar?", Ask("Is this on a calendar?")),
    ("which sessions are there?", Sessions()),
    ("what a great read!", Chatter()),
    ("what I liked most was the end", Chatter()),
    ("see https://example.org/?a=b for more on this", Chatter()),
    ("the summary was great", Chatter()),
    ("🔥🔥", Chatter()),
    (f"nostr:{NPUB}", Chatter()),
    ("/frobnicate", Unclear()),
]


@pytest.mark.parametrize(
    ("text", "command"), UNDER_A_SESSION, ids=[repr(text)[:60] for text, _ in UNDER_A_SESSION]
)
def test_a_reply_under_a_sessions_post_may_just_ask(text: str, command: Command) -> None:
    said = parse(text, names=NAMES, is_reply_to_session=True, is_reply_to_us=True)
    assert said == command


def test_a_bare_question_under_another_post_of_ours_gets_help_not_the_board() -> None:
    assert parse("what is a moat?", names=NAMES, is_reply_to_us=True) == Unclear()


def test_talk_under_a_post_of_ours_gets_no_answer() -> None:
    assert parse("moats matter", names=NAMES, is_reply_to_us=True) == Chatter()


def test_a_bot_without_a_name_still_understands() -> None:
    assert parse("next") == Next()


def test_a_name_of_many_words_is_taken_whole() -> None:
    names = ("Atlanta Reading Group",)
    assert parse("@Atlanta Reading Group next", names=names) == Next()
    assert parse("hey Atlanta Reading Group, what's next?", names=names) == Next()
    assert parse("summary plain atlanta", names=names) == SummaryOf((P,), "atlanta")


def test_the_whole_of_a_long_question_is_kept() -> None:
    question = "why " + "x" * 100_000
    assert parse(f"ask {question}", names=NAMES) == Ask(question)


@given(st.text(max_size=300), st.booleans(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_nothing_that_is_said_raises(text: str, session: bool, us: bool) -> None:
    parse(text, names=NAMES, is_reply_to_session=session, is_reply_to_us=us)


WORDS = (
    "ask",
    "q:",
    "summary",
    "plain",
    "next",
    "@Readalong",
    NPUB,
    "anon",
    "(",
    "?",
    ",",
    "my",
    "\n",
    "vote",
    "+1",
    "3",
)


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_no_order_of_known_words_raises(text: str) -> None:
    parse(text, names=NAMES, is_reply_to_session=True)


PIECES = (
    "a", " ", "?", "/", "@", "nostr:", "npub1", "hey ", "ask ", "anon ", "my ", "i have ", "q: ",
    "\n", "\n ", "(anonymous)", "anonymous ", "-", "readalong ", "a.b", "1.", "\u0301", "‮", "🔥",
    "non-", "tl;", "https://", "?!", ", ", NPUB, NPUB + " ", "questions: ",
    "vote ", "vote 3 ", "+1 ", "+", "3. ",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_a_hundred_thousand_characters_take_no_time(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    for said in (text, "ask " + text, text + " x", "hey " + text + "?"):
        before = time.process_time()
        parse(said, names=NAMES, is_reply_to_session=True)
        assert time.process_time() - before < 0.5
