"""`python -m bot` and the `readalong` command: hands over to the command line, and nothing else."""

from __future__ import annotations

from bot.cli import main

if __name__ == "__main__":
    main()
