"""A module run as a process of its own that takes a local Discord server for Discord.

`python -m benchmarks.pointed URL MODULE ARGUMENT...` is `python -m MODULE ARGUMENT...`, pointed at
the server of that URL.
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
