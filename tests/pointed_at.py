"""A module run as a program of its own that takes a local Discord server for Discord.

``python -m tests.pointed_at URL MODULE ARGUMENT...`` is ``python -m MODULE ARGUMENT...``, pointed
at the server of that URL.
"""

from __future__ import annotations

import runpy
import sys

from bot.networks.discord.local import pointed_at


def main() -> None:
    url, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    with pointed_at(url):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
