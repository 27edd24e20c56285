"""Code that reads strangers' files runs in a process of its own, with little to spend.

``confined`` starts a worker module, hands it the bytes and takes one JSON object back, within a
wall time and a size; ``serve`` is the worker's half and takes away what it doesn't need (CPU,
address space, files, further processes) before it looks at a byte. Where a platform can't limit
something, the log says so and the wall time alone holds. What is read is the workers' own matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

logger = logging.getLogger(__name__)

Answer = dict[str, Any]  # a JSON object; whoever asked checks what is in it

_ROOT = Path(__file__).parents[2]  # where ``bot`` is imported from
_PIECE = 64 * 1024
_AT_ONCE = 2  # workers, however many files people give: each may take half a gigabyte
_PLACES: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_UNLIMITED = "unlimited"  # the answer's key for the limits that the platform doesn't know


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker may use; ``answer`` is how many bytes of JSON are taken from it."""

    wall: float = 30.0  # seconds
    cpu: int = 20  # seconds
    memory: int = 512 * 1024 * 1024  # bytes of address space
    answer: int = 16 * 1024 * 1024


class WorkerError(Exception):
    """The worker ran out of what it may use, died, or answered something else than asked."""


async def confined(module: str, body: bytes, limits: Limits) -> Answer:
    """What the worker ``module`` makes of ``body``. Raises WorkerError; leaves no process.

    Two at most work at once; the time that is waited for a place counts for nothing.
    """
    async with _PLACES.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)):
        said = await _said(module, body, limits)
    return await asyncio.to_thread(_answer, module, said)


async def _said(module: str, body: bytes, limits: Limits) -> bytes:
    """What a worker of its own writes. Raises WorkerError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-E", "-s", "-X", "utf8", "-m", module),
        *(str(limits.cpu), str(limits.memory)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=_ROOT,
        env=_environment(),
    )
    try:
        async with asyncio.timeout(limits.wall):
            _, said = await asyncio.gather(_feed(process, body), _take(process, limits.answer))
            code = await process.wait()
    except TimeoutError:
        raise WorkerError(f"{module} took longer than {limits.wall:g} s") from None
    finally:
        await _end(process)
    if code != 0:
        raise WorkerError(f"{module} ended with {code}")
    return said


def _environment() -> dict[str, str]:
    """Nothing of ours: no keys, no paths. Windows can't start Python without its own."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


async def _feed(process: Process, body: bytes) -> None:
    if process.stdin is None:
        return
    # A worker that died has closed its end: its exit code says more than the broken pipe.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(body)
        await process.stdin.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.close()
        await process.stdin.wait_closed()


async def _take(process: Process, most: int) -> bytes:
    said = bytearray()
    while process.stdout is not None and (piece := await process.stdout.read(_PIECE)):
        said += piece
        if len(said) > most:
            raise WorkerError(f"a worker answered more than {most} bytes")
    return bytes(said)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _answer(module: str, said: bytes) -> Answer:
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        raise WorkerError(f"{module} answered no JSON") from None
    if not isinstance(answer, dict):
        raise WorkerError(f"{module} answered no object")
    for name in answer.pop(_UNLIMITED, ()):
        logger.warning("This platform can't limit the %s of %s; its time is limited.", name, module)
    return answer


def serve(read: Callable[[bytes], Mapping[str, object]]) -> None:
    """The worker's whole life: limits from the command line, bytes in, one JSON object out."""
    cpu, memory = (int(number) for number in sys.argv[1:3])
    unlimited = limit(cpu, memory)
    answer = {**read(sys.stdin.buffer.read()), _UNLIMITED: unlimited}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def limit(cpu: int, memory: int) -> list[str]:
    """Limits this process for good; returns what the platform has no limit for."""
    try:
        import resource  # not on Windows
    except ImportError:
        return ["CPU time", "memory", "files", "processes"]
    wanted = {
        "CPU time": ("RLIMIT_CPU", cpu),
        "memory": ("RLIMIT_AS", memory),
        "files": ("RLIMIT_FSIZE", 0),
        "core files": ("RLIMIT_CORE", 0),
        "processes": ("RLIMIT_NPROC", 0),
    }
    unlimited = []
    for name, (constant, most) in wanted.items():
        try:
            kind = getattr(resource, constant)
            resource.setrlimit(kind, (most, most))
        except (AttributeError, ValueError, OSError):
            unlimited.append(name)
    return unlimited
