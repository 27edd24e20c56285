"""The one place where everything is built and wired, for the bot and for the command line.

`open_desk` gives the services over the data file, without any network; `process.run` is the bot,
which isn't imported where only the desk is wanted. No rule of the group stands here.
"""

from bot.app.desk import Desk, open_desk, utc_now

__all__ = ["Desk", "open_desk", "utc_now"]
