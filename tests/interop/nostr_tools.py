"""npm's `nostr-tools` from Python: each call is one run of `node` with one of the scripts here.

The first use installs it beside the scripts, from a lock file with hashes.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_INSTALLED_WITHIN = 120.0  # seconds
_ANSWERS_WITHIN = 30.0


def why_not() -> str:
    """Why it can't be used on this machine; empty when it can."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"there is no {' and no '.join(missing)} on this machine" if missing else ""


def install() -> None:
    """Install what the lock file names, unless it is; safe for several at once."""
    marker = _HERE / "node_modules" / ".installed"
    with (_HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        if marker.exists() and marker.read_text() == wanted:
            return
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--omit=peer"]
        subprocess.run(
            [_path("npm"), "ci", *options],
            cwd=_HERE,
            check=True,
            timeout=_INSTALLED_WITHIN,
            stdout=subprocess.DEVNULL,
        )
        marker.write_text(wanted)


async def node(script: str, *words: str) -> Any:
    """What the script prints, decoded. Fails when it does."""
    process = await asyncio.create_subprocess_exec(
        *(_path("node"), str(_HERE / script), *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN):
            out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def _path(command: str) -> str:
    found = shutil.which(command)
    assert found is not None, command
    return found
