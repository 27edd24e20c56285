"""PyPI's `nostr-relay` as a process of its own, in an environment of its own.

It pins other libraries than ours, so it is never installed beside the bot: the first test that
needs it makes `.venv-nostr-relay` in the repository's root, from a lock file with hashes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "tests" / "nostr-relay.lock"
_VENV = _ROOT / ".venv-nostr-relay"
_START_WITHIN = 20.0  # seconds
_STOP_WITHIN = 5.0

_CONFIG = """
DEBUG: false
relay_name: test relay
storage:
  sqlalchemy.url: sqlite+aiosqlite:///{directory}/nostr.sqlite3
  num_concurrent_reqs: 10
  num_concurrent_adds: 2
  validators:
    - nostr_relay.validators.is_not_too_large
    - nostr_relay.validators.is_signed
    - nostr_relay.validators.is_recent
verification:
  nip05_verification: disabled
gunicorn:
  bind: 127.0.0.1:{port}
  workers: 1
  loglevel: warning
authentication:
  enabled: false
subscription_limit: 32
"""


@contextmanager
def running_nostr_relay(directory: Path) -> Iterator[str]:
    """The address of a fresh relay that keeps its data in ``directory``."""
    command = _installed()
    port = _free_port()
    config = directory / "nostr-relay.yaml"
    config.write_text(_CONFIG.format(directory=directory, port=port))
    with (directory / "nostr-relay.log").open("wb") as log:
        process = subprocess.Popen(
            [command, "-c", config, "serve"],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(process, port, directory / "nostr-relay.log")
        yield f"ws://127.0.0.1:{port}"
    finally:
        _stop(process)


def _installed() -> Path:
    """The `nostr-relay` command, installed first where it isn't; safe for several at once."""
    wanted = hashlib.sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()
    _VENV.mkdir(exist_ok=True)
    marker = _VENV / "installed"
    with (_VENV / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_text() != wanted:
            venv.create(_VENV, with_pip=True, symlinks=True)
            options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
            subprocess.run(
                [_VENV / "bin" / "pip", "install", *options, "--requirement", _LOCK],
                check=True,
                timeout=600,
            )
            marker.write_text(wanted)
    return _VENV / "bin" / "nostr-relay"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # between two looks at a condition with a bound
        else:
            return
    raise RuntimeError(f"nostr-relay did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session, so its workers and nobody else
        process.wait(_STOP_WITHIN)
