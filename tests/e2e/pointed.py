"""A module run as a program, pointed at a local Discord server.

`python -m tests.e2e.pointed URL MODULE ARGUMENT...` is `python -m MODULE ARGUMENT...` there; the
bot's own module is `bot`.
"""

from __future__ import annotations

import runpy
import sys

from bot.networks.discord.local.redirect import pointed_at

if __name__ == "__main__":
    url, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    with pointed_at(url):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
