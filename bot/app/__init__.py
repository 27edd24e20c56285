"""The one place where everything is built and wired, for the bot and for the command line.

`open_desk` gives the services over the data file, without any network; `run` is the bot. No rule of
the group stands here.
"""

from bot.app.desk import Desk, open_desk, utc_now
from bot.app.process import run, running

__all__ = ["Desk", "open_desk", "run", "running", "utc_now"]
