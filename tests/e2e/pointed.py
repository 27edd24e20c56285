"""`readalong`, pointed at a local Discord server: `python -m tests.e2e.pointed URL run ...`."""

from __future__ import annotations

import sys

from bot.cli import main
from bot.networks.discord.local.redirect import pointed_at

if __name__ == "__main__":
    with pointed_at(sys.argv.pop(1)):
        main()
