"""Recorded outcomes of the legacy engine: reads them, runs V1 on their cases, and finds the first divergence.

``*.jsonl.gz`` below ``recorded/`` hold one ``{case, outcome, bars}`` per line, ``*.json`` one per file. What is
compared is all that is recorded, to the type and to the bit; nothing is exempt.
"""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

from parity.harness.engines.v1_process import worker
from parity.harness.engines.wire import request_of
from parity.harness.model.case import Case
from parity.harness.model.files import prepare
from parity.harness.model.recorded import count, lines, recorded_files, recordings
from shared import exceptions

#: Cases of one test.
CHUNK = 60


def chunks(root: Path) -> list[tuple[Path, int]]:
    """(file, first line) of each test, every file at least once: an empty or broken one has to fail."""
    found = []
    for path in recorded_files(root):
        found += [(path, first) for first in range(0, max(count(path), 1), CHUNK)]
    return found


def read(path: Path, first: int) -> list[dict[str, Any]]:
    """The recordings of one chunk.

    Raises:
        RecordingError: one of them is broken, or another line of the file has its id; the message says file and line.
    """
    numbers = range(first + 1, first + 1 + CHUNK)
    for _ in recordings(path, numbers):
        pass
    return [json.loads(line) for number, line in lines(path) if number in numbers]


def divergence(recording: dict[str, Any], scratch: Path) -> str | None:
    """Runs V1 on a recorded case: the first path at which the two differ, None where they are equal."""
    case = Case.from_json(json.dumps(recording["case"]))
    wanted = recording["outcome"]
    events = wanted.get("events")
    gates = events is not None and any(event["event"] == "gate" for event in events)
    request = request_of(prepare(case, scratch), {}, events=True, gates=gates)
    reply = worker._run(request)
    found = reply["outcome"]
    if "error" in wanted or "error" in found:
        return refusal_divergence(wanted, found)
    if events is None:
        del found["events"]
    if "bars" in recording and recording["bars"] != reply["bars"]:
        return f"bars: recorded {recording['bars']}, V1 {reply['bars']}"
    # A sum over no trades is a whole 0 in V1; its adapter says 0.0.
    metrics = {k: v if k in worker.COUNTS else float(v) for k, v in wanted["metrics"].items()}
    return first_difference({**wanted, "metrics": metrics}, found, "outcome")


def refusal_divergence(wanted: dict[str, Any], found: dict[str, Any]) -> str | None:
    """Two refusals agree in their code and in the kind of exception; V1's class may be a special case of it."""
    if "error" not in wanted or "error" not in found:
        shown = [side.get("error", {}).get("message", "runs") for side in (wanted, found)]
        return f"outcome.error: recorded {shown[0]!r}, V1 {shown[1]!r}"
    codes = [side["error"]["code"] for side in (wanted, found)]
    if codes[0] != codes[1]:
        return f"outcome.error.code: recorded {codes[0]!r}, V1 {codes[1]!r}"
    kinds = [side["error"]["message"].partition(":")[0] for side in (wanted, found)]
    known = {base.__name__ for base in getattr(exceptions, kinds[1], getattr(builtins, kinds[1], Exception)).__mro__}
    return None if kinds[0] in known else f"outcome.error.message: recorded {kinds[0]}, V1 {kinds[1]}"


def first_difference(wanted: Any, found: Any, path: str) -> str | None:
    """The first path whose values differ in type or in bits; a mapping's keys are compared first."""
    if type(wanted) is not type(found):
        return f"{path}: recorded {wanted!r}, V1 {found!r}"
    if isinstance(wanted, dict):
        if wanted.keys() != found.keys():
            return f"{path}: keys {sorted(wanted.keys() ^ found.keys())} are on one side only"
        pairs = [(f"{path}.{key}", wanted[key], found[key]) for key in wanted]
    elif isinstance(wanted, list):
        pairs = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(wanted, found, strict=False))]
        if len(wanted) != len(found):
            pairs.append((f"{path} (length)", len(wanted), len(found)))
    else:
        return None if repr(wanted) == repr(found) else f"{path}: recorded {wanted!r}, V1 {found!r}"
    return next((line for line in (first_difference(a, b, at) for at, a, b in pairs) if line), None)
