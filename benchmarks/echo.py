"""The bare echo bot as a process: `python -m benchmarks.echo RELAY` prints its public key."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from benchmarks.peers import Member, echo_bot

if __name__ == "__main__":
    echo = Member()
    print(echo.pubkey, flush=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(echo_bot(sys.argv[1], echo))
