"""What happens in the demo: the scenes in their order, and what each is called.

The scenes are in `scenes`; how they look is `conversation`'s.
"""

from __future__ import annotations

from bot.demo.evening import ADA, Evening
from bot.demo.folder import FIRST, SECOND
from bot.demo.guild import BEN
from bot.demo.scenes import announcing, asking, ending, meeting, reminding

SECTIONS = 6

_ON_REMINDERS = (
    f"{FIRST} and {SECOND} seconds before the start, for this demo; "
    "usual are 7 days, 1 day and 1 hour."
)


async def perform(evening: Evening) -> None:
    """Raises StepError at the first step that doesn't hold."""
    talk = evening.talk
    talk.section(1, "The group is set up, and a session planned")
    await announcing.set_up(evening)
    view = await announcing.import_page(evening)
    talk.section(2, "The session is announced")
    told = await announcing.announce(evening, view)
    async with reminding.watching(evening, view.session) as reminders:
        talk.section(3, f"{ADA} and {BEN} look around")
        await meeting.look_around(evening, told)
        talk.section(4, "They ask, and vote for each other's questions")
        await asking.ask(evening, told)
        await asking.vote(evening)
        talk.section(5, "Reminders come by themselves", _ON_REMINDERS)
        await reminders.show(evening, told)
    talk.section(SECTIONS, "The organiser opens the board")
    await ending.board(evening, told)
    await ending.nothing_twice(evening, told)
