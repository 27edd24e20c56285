"""`readalong demo`: a whole reading group in one process, on Nostr and on Discord at once.

The bot is the real one, on a real relay, a small Discord and a real data file; only the keys are
thrown away. What is put up is `stage`'s, what happens is `script`'s and `scenes`', how it looks is
`conversation`'s.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from bot.domain.errors import UserError

__all__ = ["demo"]


def demo(folder: Path, *, once: bool, svg: Path | None) -> int:
    """Perform it in ``folder``; the exit code. Without ``once`` it stays up until it is stopped.

    ``svg`` is where a picture of it is written. Raises UserError when it can't begin.
    """
    if find_spec("nostr_sdk") is None:
        raise UserError(
            "The demo needs a relay of its own, which isn't installed: "
            "run `pip install 'readalong[demo]'`."
        )
    import asyncio

    from bot.demo.conversation import Conversation, open_console
    from bot.demo.folder import DemoFolder
    from bot.demo.stage import Stage

    place = DemoFolder(folder)
    place.clear()
    talk = Conversation(open_console(record=svg is not None), brief=svg is not None)
    code = asyncio.run(Stage(place, talk).play(once=once))
    if svg is not None and code == 0:
        from bot.demo.picture import draw

        draw(talk.console, svg)
    return code
