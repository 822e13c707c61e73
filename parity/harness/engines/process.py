"""An engine in a process of its own, JSON lines in and out: whatever happens to it there is a failure of one answer.

The protocol, one line each way (README.md of the suite has it in full): the request holds ``op`` ("run"), ``config``
(a V1 config with the paths of its cost and symbol files), ``data_root``, ``news_file`` (CSV), ``news_parquet``,
``switches`` and ``events``; the reply holds ``outcome`` and, if known, ``bars``.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from parity.harness.model.decode import decode_reply
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, MalformedOutcomeError
from parity.harness.model.reply import parse_reply


class WorkerDiedError(Exception):
    """The worker ended, hung or answered nonsense; the message says which."""


class ProcessEngine:
    """Talks JSON lines with a process that is started on first use and again after a failure."""

    def __init__(self, name: str, command: Sequence[str], *, timeout: float = 60.0, cwd: Path | None = None) -> None:
        self.name = name
        self.timeout = timeout
        self._command = list(command)
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._errors: IO[bytes] | None = None
        self.restarts = 0

    def run(
        self,
        prepared: Prepared,
        switches: Mapping[str, str],
        *,
        events: bool = False,
    ) -> Answer:
        """The engine's answer; an engine without switches ignores them."""
        began = time.perf_counter()
        request = self.request(prepared, switches, events=events)
        try:
            reply = self.ask(request)
            seconds = time.perf_counter() - began
            outcome, bars = decode_reply(reply)
            return Answer(outcome=outcome, seconds=seconds, bars=bars, extra=reply)
        except (WorkerDiedError, MalformedOutcomeError, KeyError, TypeError) as error:
            self.close()
            failure = str(error) if isinstance(error, WorkerDiedError) else f"answered nonsense: {error}"
            return Answer(outcome=None, failure=failure, seconds=time.perf_counter() - began)

    @classmethod
    def request(cls, prepared: Prepared, switches: Mapping[str, str], *, events: bool) -> dict[str, Any]:
        """What the protocol asks."""
        return {
            "op": "run",
            "config": cls.config(prepared),
            "data_root": str(prepared.data_root),
            "news_file": str(prepared.news_csv),
            "news_parquet": str(prepared.news_parquet),
            "switches": dict(switches),
            "events": events,
        }

    @staticmethod
    def config(prepared: Prepared) -> dict[str, Any]:
        """The case's config with the paths of its files."""
        files = {
            "execution_costs_file": str(prepared.costs_file),
            "symbol_specs_file": str(prepared.specs_file),
        }
        return {**prepared.case.config, **files}

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request, one reply; WorkerDiedError when there is none in time."""
        process = self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerDiedError(self._cause()) from error
        line = self._line(process)
        try:
            reply = parse_reply(line)
        except MalformedOutcomeError as error:
            raise WorkerDiedError(f"answered nonsense: {error}: {line[:80]!r}") from error
        if not isinstance(reply, dict):
            raise WorkerDiedError(f"answered nonsense: {line[:80]!r}")
        return reply

    @property
    def pid(self) -> int:
        """Process id of the running worker."""
        return self._start().pid

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                self.close()
            self._buffer = b""
            self.restarts += 1
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=self._cwd,
            )
        return self._process

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        deadline = time.monotonic() + self.timeout
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            chunks = [self._buffer]
            while b"\n" not in chunks[-1]:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise WorkerDiedError(f"hung: no answer within {self.timeout:g} s")
                chunk = os.read(process.stdout.fileno(), 1 << 20)
                if not chunk:
                    raise WorkerDiedError(self._cause())
                chunks.append(chunk)
        line, _, self._buffer = b"".join(chunks).partition(b"\n")
        return line

    def _cause(self) -> str:
        assert self._process is not None
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its output and went on"
        if code < 0:
            return f"crashed: killed by {signal.Signals(-code).name}"
        return f"crashed: ended with exit code {code}{self._last_words()}"

    def _last_words(self) -> str:
        """Last line of the worker's error output."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read()[-4000:].decode(errors="replace").strip().splitlines()
        return f" ({lines[-1]})" if lines else ""

    def close(self) -> None:
        """Kills the worker; the next request starts a fresh one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, self._errors):
            if pipe is not None:
                pipe.close()
