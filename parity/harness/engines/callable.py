"""An engine that is a Python function of this process: for prototypes, and where a process of its own is too much."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from parity.harness.engines.process import ProcessEngine
from parity.harness.model.decode import decode_reply
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, MalformedOutcomeError
from parity.harness.model.reply import parse_reply


class CallableEngine:
    """``function`` takes the request of the JSON-lines protocol as a dict and returns the reply."""

    def __init__(self, name: str, function: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        self.name = name
        self._function = function

    def run(self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False) -> Answer:
        """What the function answers; whatever it raises is a failure of this answer."""
        began = time.perf_counter()
        request = ProcessEngine.request(prepared, switches, events=events)
        try:
            # Through text, as if the function were another process: what text cannot hold is malformed.
            outcome, bars = decode_reply(parse_reply(json.dumps(self._function(request)).encode()))
        except MalformedOutcomeError as error:
            failure = f"answered nonsense: {error}"
            return Answer(outcome=None, failure=failure, seconds=time.perf_counter() - began)
        except Exception as error:  # an engine may raise anything
            return Answer(outcome=None, failure=f"failed: {error!r}", seconds=time.perf_counter() - began)
        return Answer(outcome=outcome, seconds=time.perf_counter() - began, bars=bars)

    def close(self) -> None:
        """Nothing is held open."""
