"""A worker that takes more than it may, as its input says; started by the tests of ``confined``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.readings.confined import serve


def read(body: bytes) -> Mapping[str, object]:
    what, _, rest = body.decode().partition(" ")
    match what:
        case "memory":
            return {"bytes": len(bytes(1 << 30))}
        case "time":
            while True:
                pass
        case "file":
            Path(rest).write_bytes(b"x" * 10_000)
        case "process":
            subprocess.run([sys.executable, "-c", "pass"], check=True)
        case "talk":
            return {"words": "x" * 100_000}
        case "list":
            sys.stdout.write("[]")
        case "noise":
            sys.stdout.write("[" * 100_000)
        case "environment":
            return {"names": sorted(os.environ), "file": sys.flags.ignore_environment}
    return {"done": what}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(read)
