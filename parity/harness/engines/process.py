"""An engine in a process of its own, JSON lines in and out: whatever happens to it there is a failure of one answer.

``protocol.py`` holds the protocol and the document about it; ``channel.py`` the process. Here they become answers.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parity.harness.engines.channel import Channel, EndedError, WorkerDiedError
from parity.harness.engines.wire import SETTLES, Hello, read_hello, read_object, read_reply, request_of
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, MalformedOutcomeError, Outcome, Refusal
from parity.harness.model.printable import printable

__all__ = ["ProcessEngine", "WorkerDiedError"]


class ProcessEngine:
    """Talks JSON lines with a process that is started on first use, and again after a failure.

    ``timeout`` is in seconds, for sending and receiving together; ``memory_mb`` in MiB of address space;
    ``capabilities`` are what is known of it before it announces any.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        timeout: float = 60.0,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        memory_mb: int | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.restarts = 0
        self.version: str | None = None
        self._declared = self._announced = capabilities or Capabilities()
        self._command = list(command)
        self._cwd = cwd
        self._environment = dict(environment or {})
        self._memory_mb = memory_mb
        self._channel: Channel | None = None
        self._ids = itertools.count(1)
        self._with_ids: bool | None = None
        self._answers = 0  # of this process
        self._exits = 0
        #: It has announced that it gives a trace: one that is missing is a broken promise and no unknown field.
        self._promised = False

    @property
    def capabilities(self) -> Capabilities:
        """What the engine has announced; until its first answer, what is declared for it."""
        return self._announced

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a report has to say about it besides its verdicts."""
        if not self._exits:
            return ()
        times = "once" if self._exits == 1 else f"{self._exits} times"
        return (f"{self.name} ended after an answer {times} and was started again",)

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        """The engine's answer; an engine without switches ignores them. Never raises for what the engine does."""
        began = time.perf_counter()
        wanted = events and self.capabilities.events
        try:
            raw = self.ask(self.request(prepared, switches, events=wanted, gates=gates))
            reply = read_reply(raw, self.capabilities.unknown)
            failure = reply.failure or self._broken_promise(reply.outcome, wanted=wanted)
        except WorkerDiedError as error:
            failure = str(error)
        except MalformedOutcomeError as error:
            failure = f"answered nonsense: {error}"
        seconds = time.perf_counter() - began
        if failure is not None:
            failure = printable(failure)
            self.close()
            return Answer(outcome=None, failure=failure, seconds=seconds)
        return Answer(outcome=reply.outcome, seconds=seconds, bars=reply.bars, extra=reply.extra)

    @classmethod
    def request(
        cls, prepared: Prepared, switches: Mapping[str, str], *, events: bool, gates: bool = False
    ) -> dict[str, Any]:
        """What the protocol asks, but for the id."""
        return request_of(prepared, switches, events=events, gates=gates)

    def indicators(self, case: Case, ts: int) -> dict[str, float | None]:  # noqa: ARG002 - V1's adapter reads them
        """Nothing: the protocol cannot ask for them."""
        return {}

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One request, one reply. The process is gone afterwards if there is none.

        Raises:
            WorkerDiedError: there is no reply to this request in time; the message says why.
        """
        deadline = time.monotonic() + self.timeout
        try:
            try:
                return self._exchange(request, deadline)
            except EndedError:
                # It may have ended after its last answer, just after the check that it was running.
                if not self._answers:
                    raise
                self._note_exit()
                return self._exchange(request, deadline)
        except BaseException:
            self.close()
            raise

    def _exchange(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        channel, number = self._started(), next(self._ids)
        channel.send(json.dumps({"id": number, **request}).encode() + b"\n")
        fresh = self._answers == 0
        try:
            reply = read_object(channel.line(deadline, self.timeout))
            if fresh and "hello" in reply:
                self._greet(read_hello(reply))
                reply = read_object(channel.line(deadline, self.timeout))
        except MalformedOutcomeError as error:
            raise WorkerDiedError(f"answered nonsense: {error}") from error
        self._check_id(reply, number)
        if not self._with_ids and fresh and (early := channel.unasked(SETTLES)):
            raise WorkerDiedError(f"answered before it was asked: {early!r} came after an answer")
        self._answers += 1
        return reply

    def _started(self) -> Channel:
        """The process, idle: started where it is not running, and refused if it has printed something unasked."""
        if self._channel is not None:
            early = self._channel.unasked()
            if early:
                raise WorkerDiedError(f"answered before it was asked: {early!r}")
            if not self._channel.ended():
                return self._channel
            self._note_exit()
        self.restarts += 1
        self._with_ids, self._answers = None, 0
        self._channel = Channel(self._command, cwd=self._cwd, environment=self._environment, memory_mb=self._memory_mb)
        return self._channel

    def _note_exit(self) -> None:
        self._exits += 1
        self.close()

    def _broken_promise(self, outcome: Outcome | Refusal | None, *, wanted: bool) -> str | None:
        """Why an answer without a trace is no answer; None where nobody promised one."""
        if not (wanted and self._promised and isinstance(outcome, Outcome)) or outcome.trace is not None:
            return None
        return None if "events" in outcome.unknown else "answered without the trace that it announces"

    def _greet(self, hello: Hello) -> None:
        self._with_ids = True
        self._promised = hello.capabilities.get("events") is True
        self.version = hello.version
        try:
            self._announced = self._declared.announced(hello.capabilities)
        except ValueError as error:
            raise WorkerDiedError(f"announces itself wrongly: hello.capabilities: {error}") from error

    def _check_id(self, reply: dict[str, Any], number: int) -> None:
        """A reply to another request is never taken for one to this."""
        if self._with_ids is None:
            self._with_ids = "id" in reply
        if not self._with_ids and "id" not in reply:
            return
        given = reply.pop("id", None)
        if type(given) is not int or given != number:
            said = "a request without an id" if given is None else f"request {given!r}"
            raise WorkerDiedError(f"answered {said} when it was asked request {number}")

    @property
    def pid(self) -> int:
        """Process id of the running worker, which is started where it is not there."""
        return self._started().pid

    def close(self) -> None:
        """Kills the process and what it started; the next request starts a fresh one."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
