"""The words that the grammar knows, as plain tables; what they mean together is the grammar's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.model import Audience


def _said(words: str) -> frozenset[str]:
    return frozenset(words.split())


def trimmed(words: Sequence[str], drop: frozenset[str]) -> list[str]:
    """Without those at either end that are in ``drop``."""
    start, end = 0, len(words)
    while start < end and words[start] in drop:
        start += 1
    while end > start and words[end - 1] in drop:
        end -= 1
    return list(words[start:end])


ALL_AUDIENCES = (Audience.TECHIE, Audience.PLAIN)

POLITE = _said(
    "hey hi hello yo ok okay please pls plz kindly dear thanks thank thx so um uh well just "
    "now bot again gm friend sir there cheers"
)
REQUEST = _said(
    "can could would will may might i we you u get have give send show tell see read post "
    "list want need like to me us id ill do does is are was the a an any some this that it "
    "whats what which where wheres when whens about for of on in at our your all how many "
    "have has been were asked so far up there today tonight quick short full new current and "
    "or be do next upcoming"
)
NEXT_WORDS = _said("next upcoming soonest")
NEXT_NOUNS = _said("session meeting meetup meet event gathering one time date place group reading")
READING_WORDS = _said("reading read discussing")
SUMMARY_WORDS = _said(
    "summary summaries summarize summarise summarized summarised tldr eli5 recap gist"
)
EVIDENCE_WORDS = _said(
    "evidence evidences proof proofs quote quotes quotation quotations source sources citation "
    "citations cite receipts reference references excerpt excerpts passages"
)
BEFORE_EVIDENCE = _said("got exact original supporting actual its their summarys")
GIVING = _said("show list give get send see read post tell")
CLAIMS = _said(
    "claim claims point points statement statements line lines them these those each every all "
    "any needed required paper article text number no what quoted 1 2 3 4 5 6 7 8 9 10"
)
QUESTIONS_WORDS = _said("questions board")
SESSIONS_WORDS = _said(
    "sessions schedule calendar meetings meetups events archive programme program"
)
DEMONSTRATIVES = _said("this that it")
HELP_WORDS = _said("help commands command usage menu start info manual instructions")
HELP_PHRASES = frozenset(
    {
        "what can you do",
        "what can i do",
        "what can i say",
        "what can i ask",
        "what do you do",
        "what are you",
        "what is this",
        "whats this",
        "who are you",
        "how do you work",
        "how does this work",
        "how does it work",
        "how do i use this",
        "how do i use you",
        "how to use this",
        "how do i ask",
        "how do i ask a question",
        "how can i ask a question",
        "how to ask a question",
        "how do i submit a question",
        "i need help",
        "can you help",
        "can you help me",
        "show me the commands",
        "list commands",
        "what commands are there",
        "what are the commands",
        "which commands are there",
        "about",
        "?",
    }
)

AUDIENCE_WORDS = {
    **dict.fromkeys(
        _said(
            "plain simple easy simply simpler easier basic layman laymans beginner beginners "
            "dummies nontechie nontechies nontechnical jargonfree noobs newbies kids"
        ),
        Audience.PLAIN,
    ),
    **dict.fromkeys(
        _said(
            "techie techies tech technical nerd nerds nerdy geek geeks geeky expert experts "
            "dev devs engineers developers"
        ),
        Audience.TECHIE,
    ),
}

JOINED = (
    (re.compile(r"\btl\s?[;,:/.-]?\s?dr\b"), "tldr"),
    (re.compile(r"\b(?:non|not)[\s-]?tech(?:ie|ies|nical|s)?\b"), "plain"),
    (re.compile(r"\b(?:no|without)\s(?:the\s)?jargon\b"), "plain"),
    (re.compile(r"\blike\sim\s(?:5|five)\b"), "plain"),
    (re.compile(r"\beli\s?-?(?:5|five)\b"), "eli5"),
    (re.compile(r"\b(un|up|down)[\s-]vote\b"), r"\1vote"),
    (re.compile(r"(?<![\w.])\+1(?!\w|\.\d)"), "plusone"),
    (re.compile(r"(?<![\w.])-1(?!\w|\.\d)"), "minusone"),
)

CONNECTORS = _said(
    "of for on about from in the a an to with session sessions meeting meetup words word "
    "english terms version one person people reader readers language speak me us please "
    "reading this that it tonight tonights todays current upcoming next last previous my "
    "everyone at hand yet so far asked there are is were been have has already s"
)
SESSION_NAMES = {
    "next": "next",
    "upcoming": "next",
    "last": "last",
    "previous": "last",
    "latest": "last",
    "past": "last",
}
OPENERS = _said("show list give get send see read can could what whats which post tell")
STATEMENT = _said(
    "was is were are not looks great good wrong misses missing says said helped makes made "
    "doesnt didnt isnt wasnt arent has had will would could should helps i we you they he she"
)

VOTE_WORDS = _said("vote voting upvote upvoting plusone")
UNVOTE_WORDS = _said("unvote unvoting unupvote downvote downvoting minusone")
BEFORE_VOTE = _said(
    "i id ill im we want wanna would like love to my a an the let me can could may add cast give "
    "put going gonna am also and how do does it one by"
)
TAKING_BACK = _said("take remove retract withdraw undo cancel revoke delete drop back")
AFTER_VOTE = _said(
    "for on to of in the a my is goes go from off back up down question questions number no nr num "
    "q item"
)
COMMENTS = _said("because cause bc since as so it its thats that this which but")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

SLIPS = {
    **dict.fromkeys(_said("halp hlep hepl hlp heelp helpp hep helpme"), "help"),
    **dict.fromkeys(_said("nxt nex netx nect nextt neext nexxt enxt"), "next"),
    **dict.fromkeys(_said("sum summ smry smmry"), "summary"),
    "qs": "questions",
}
LONG_COMMANDS = (
    "summary", "sessions", "questions", "commands", "schedule", "summaries", "evidence"
)  # fmt: skip

THANKS = _said("thanks thank thx ty tysm tks cheers merci danke gracias obrigado kudos")
CHATTER = (
    THANKS
    | POLITE
    | _said(
        "great cool nice good awesome wow lol lmao haha hahaha hehe yes yep yeah yay no nope nah "
        "sure gm gn morning night evening afternoon day see you ya u there soon later bye goodbye "
        "love it this that loved loving like liked very much so helpful useful interesting "
        "amazing excellent fantastic perfect brilliant beautiful neat sweet based lfg wagmi "
        "agreed agree same me too count in im ill be am coming attending cant wait looking "
        "forward to for the sounds well done job work read one bot team all everyone guys folks "
        "happy excited exciting what a how right indeed true exactly understood noted got i will "
        "try my best welcome back congrats congratulations and is was really super alright hm hmm "
        "oh ah 1 10 100 plusone minusone reading"
    )
)
KNOWN = (
    POLITE
    | REQUEST
    | NEXT_WORDS
    | NEXT_NOUNS
    | READING_WORDS
    | SUMMARY_WORDS
    | QUESTIONS_WORDS
    | SESSIONS_WORDS
    | HELP_WORDS
    | _said("both past previous last earlier already planned going happening question")
)

QUESTION_OPENERS = _said("what why how who which whose whom whats whos hows whys")
QUESTION_VERBS = _said(
    "is are was were do does did can could should would will has have isnt arent doesnt dont "
    "didnt cant couldnt shouldnt wouldnt wont"
)
SUBJECTS = _said(
    "i we you they it he she there this that these those anyone somebody someone anybody"
)
