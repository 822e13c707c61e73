"""A line out and a line in, under one time limit, with a process that may do anything.

What it prints is held in bounded memory. Its error output is drained, and only the end of it is kept.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from parity.harness.engines import containment

#: The longest line that is read, and how much of the error output is kept.
LONGEST_LINE, KEPT_ERRORS = 64 << 20, 4096
#: Bytes read at once, and the size of pipes where the system lets one choose.
CHUNK, PIPE = 1 << 20, 1 << 20
#: How often a process that prints nothing is checked for having ended.
LOOK = 0.1
#: Seconds that a process which closed its output has to end, so that its exit status can be reported.
GRACE = 1.0
#: What a process says when it could get no more memory, in the words of Rust, Python, C and C++.
OUT_OF_MEMORY = ("memory allocation of", "MemoryError", "Cannot allocate memory", "std::bad_alloc", "out of memory")


class WorkerDiedError(Exception):
    """The engine ended, hung, or broke the protocol; the message says which."""


class EndedError(WorkerDiedError):
    """The engine ended by itself, with exit code 0, instead of answering."""


class Channel:
    """One process from its start to its end.

    Raises:
        WorkerDiedError: the program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        memory_mb: int | None = None,
    ) -> None:
        try:
            self._kept = containment.start(command, cwd=cwd, environment=environment, memory_mb=memory_mb)
        except (OSError, ValueError) as error:
            raise WorkerDiedError(f"cannot be started: {error}") from error
        containment.close_at_exit(self)
        #: The engine's keeper: it has the engine's pipes, and ends as the engine does. ``pid`` is the engine's own.
        self.process, self.pid = self._kept.keeper, self._kept.pid
        self.memory_mb = memory_mb
        self._in, self._out, self._err = (_unblocked(pipe) for pipe in self._pipes())
        self._selector = selectors.DefaultSelector()
        for pipe in (self._out, self._err):
            self._selector.register(pipe, selectors.EVENT_READ)
        self._unsent = memoryview(b"")
        self._size = 0
        self._buffer = b""
        self._errors = b""
        self._open = True

    def _pipes(self) -> tuple[int, int, int]:
        ends = self.process.stdin, self.process.stdout, self.process.stderr
        assert None not in ends
        return tuple(end.fileno() for end in ends if end is not None)  # type: ignore[return-value]

    def send(self, line: bytes) -> None:
        """Sends a line; what the pipe does not take now is sent while waiting for the answer."""
        self._unsent, self._size = memoryview(line), len(line)
        self._write()

    def line(self, deadline: float, limit: float) -> bytes:
        """The next line, without its end; ``deadline`` is a monotonic time, ``limit`` the seconds that messages name.

        Raises:
            EndedError: it ended with exit code 0.
            WorkerDiedError: it ended otherwise, hung, or its line is too long.
        """
        chunks, size = [self._buffer], len(self._buffer)
        while b"\n" not in chunks[-1]:
            if size > LONGEST_LINE:
                raise WorkerDiedError(f"answered more than {LONGEST_LINE >> 20} MiB without the end of a line")
            try:
                chunk = self._more(deadline, limit)
            except EndedError as error:
                # It had begun to answer: this is no end between two answers, after which it may be asked again.
                raise (WorkerDiedError("broke off in the middle of an answer") if size else error) from error
            chunks.append(chunk)
            size += len(chunk)
        line, _, self._buffer = b"".join(chunks).partition(b"\n")
        if self._unsent:
            read = self._size - len(self._unsent)
            raise WorkerDiedError(f"answered before it was asked: it had read {read} of {self._size} bytes")
        return line

    def _more(self, deadline: float, limit: float) -> bytes:
        """Waits for output, sends and drains meanwhile."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WorkerDiedError(self._hung(limit))
            ready = {key.fd for key, _ in self._selector.select(min(left, LOOK))}
            if self._in in ready:
                self._write()
            if self._err in ready:
                self._drain()
            if self._out in ready:
                chunk = os.read(self._out, CHUNK)
                if not chunk:
                    raise self.cause()
                return chunk
            if not ready and self.process.poll() is not None:
                raise self.cause()

    def _hung(self, limit: float) -> str:
        if self._unsent:
            read = self._size - len(self._unsent)
            return f"hung: it read {read} of {self._size} bytes of the request within {limit:g} s"
        return f"hung: no answer within {limit:g} s"

    def _write(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._in, self._unsent) :]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            raise self.cause() from None
        waiting = self._in in self._selector.get_map()
        if self._unsent and not waiting:
            self._selector.register(self._in, selectors.EVENT_WRITE)
        elif not self._unsent and waiting:
            self._selector.unregister(self._in)

    def _drain(self) -> bool:
        """Reads error output that is there; False when there is none."""
        try:
            chunk = os.read(self._err, 1 << 16)
        except BlockingIOError:
            return False
        if not chunk and self._err in self._selector.get_map():
            self._selector.unregister(self._err)
        self._errors = (self._errors + chunk)[-KEPT_ERRORS:]
        return bool(chunk)

    def unasked(self, seconds: float = 0.0) -> bytes:
        """The first bytes of unasked output, after waiting so many seconds for them; empty at its end."""
        until = time.monotonic() + seconds
        while not self._buffer:
            left = max(0.0, until - time.monotonic())
            ready = {key.fd for key, _ in self._selector.select(left)}
            if self._out in ready:
                self._buffer = os.read(self._out, CHUNK)
                break
            if self._err in ready:
                self._drain()
            if not ready or not left:
                break
        return self._buffer[:80]

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def cause(self) -> WorkerDiedError:
        """Why there is no answer, of a process that has closed an end of its pipes or is gone."""
        try:
            code = self.process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            return WorkerDiedError("closed its input or output and went on")
        # Bounded: a child that outlives it may hold the other end and go on writing.
        for _ in range(64):
            if not self._drain():
                break
        words = self._errors.decode(errors="replace").strip().splitlines()
        said = f" ({words[-1].strip()})" if words else ""
        if any(sign in self._errors.decode(errors="replace") for sign in OUT_OF_MEMORY):
            bound = "" if self.memory_mb is None else f", which is limited to {self.memory_mb} MiB"
            return WorkerDiedError(f"ran out of memory{bound}: {_status(code)}{said}")
        return (EndedError if code == 0 else WorkerDiedError)(f"crashed: {_status(code)}{said}")

    def close(self) -> None:
        """Kills the process and everything it started."""
        if not self._open:
            return
        self._open = False
        self._selector.close()
        self._kept.end()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _status(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    # The system kills so when it runs out of memory; nothing else is known about it.
    return f"killed by {name}"


def _unblocked(pipe: int) -> int:
    os.set_blocking(pipe, False)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EBUSY, errno.EINVAL):
                raise
    return pipe
