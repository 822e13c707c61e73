"""The process in which V2 runs: JSON lines in, JSON lines out. Imports ``bt`` and nothing of this project.

Started as ``python worker.py [folder of the package bt]``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any

import msgspec

#: All gates: a trace of V2 names each of them.
GATES = [
    "cooldown_exit", "cooldown_entry", "cooldown_candles", "session", "anchor", "news", "position_limit", "trend",
    "chain",
]  # fmt: skip
CAPABILITIES = {"events": True, "switches": True, "gates": GATES}
HELLO = {"hello": {"protocol": 2, "name": "V2", "capabilities": CAPABILITIES}}


def main() -> None:
    """Answers requests, one JSON line each, until the input ends; the first argument may name the folder of ``bt``."""
    sys.path[:0] = sys.argv[1:2]
    from calls import answer  # type: ignore[import-not-found]  # beside this file, as it stands alone

    # What V2 or Python print goes to the error output; the answers have the real output for themselves.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    write(out, HELLO)
    # A case makes thousands of values and no cycles of references: collecting cycles would only cost time.
    gc.freeze()
    gc.set_threshold(100_000)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        write(out, {"id": request["id"], **answer(request)})


def write(out: Any, reply: dict[str, Any]) -> None:
    """One line, whole. A number that is not finite becomes null, which is no number for the reader either."""
    rest = memoryview(msgspec.json.encode(reply) + b"\n")
    while rest:
        rest = rest[out.write(rest) :]


if __name__ == "__main__":
    main()
