"""An engine that is a Python function of this process: for prototypes, and where a process of its own is too much."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from parity.harness.engines.wire import read_object, read_reply, request_of
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, MalformedOutcomeError


class CallableEngine:
    """``function`` takes the request of the protocol as a dict and returns the reply. It has no time limit."""

    def __init__(
        self,
        name: str,
        function: Callable[[dict[str, Any]], Mapping[str, Any]],
        *,
        capabilities: Capabilities | None = None,
    ) -> None:
        self.name = name
        self.capabilities = capabilities or Capabilities()
        self.remarks: tuple[str, ...] = ()
        self._function = function

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        """What the function answers; whatever it raises is a failure of this answer."""
        began = time.perf_counter()
        request = request_of(prepared, switches, events=events and self.capabilities.events, gates=gates)
        try:
            # As text, as between processes: nothing is shared, and the one strict reader reads every engine.
            line = json.dumps(self._function(json.loads(json.dumps(request))))
            reply = read_reply(read_object(line.encode()), self.capabilities.unknown)
            failure = reply.failure
        except MalformedOutcomeError as error:
            failure = f"answered nonsense: {error}"
        except (Exception, SystemExit) as error:  # an engine may raise anything
            failure = f"failed: {error!r}"
        seconds = time.perf_counter() - began
        if failure is not None:
            return Answer(outcome=None, failure=failure, seconds=seconds)
        return Answer(outcome=reply.outcome, seconds=seconds, bars=reply.bars, extra=reply.extra)

    def indicators(self, case: Case, ts: int) -> dict[str, float | None]:  # noqa: ARG002 - V1's adapter reads them
        """Nothing: the protocol cannot ask for them."""
        return {}

    def close(self) -> None:
        """Nothing is held open."""
