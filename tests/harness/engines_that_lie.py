"""Tiny engines for testing the harness: each speaks the worker's JSON lines and misbehaves in one way.

Started with a kind, or with ``says`` and a file: then it answers every request with that file's text.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

GOOD = {
    "trades": [], "open_positions": [], "equity": [[0, 10000.0]], "balance": 10000.0, "fees_total": 0.0,
    "metrics": {"total_trades": 0},
}  # fmt: skip


def main(kind: str, reply: str | None = None) -> None:
    for number, line in enumerate(sys.stdin):
        json.loads(line)
        if reply is not None:
            sys.stdout.buffer.write(Path(reply).read_bytes() + b"\n")
            sys.stdout.buffer.flush()
            continue
        if kind == "crashes":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "exits":
            sys.exit("out of luck")
        if kind == "hangs":
            time.sleep(60)
        answer = {
            "honest": json.dumps({"outcome": GOOD, "bars": 1}),
            "lies": json.dumps({"outcome": {**GOOD, "balance": 10000.01}, "bars": 1}),
            "wavers": json.dumps({"outcome": {**GOOD, "balance": 10000.0 + number % 2}, "bars": 1}),
            "wavers in its trace": json.dumps(
                {
                    "outcome": {
                        **GOOD,
                        "events": [
                            {
                                "event": "equity",
                                "bar": 0,
                                "timestamp_ns": 0,
                                "order": None,
                                "equity": 1.0,
                                "balance": 1.0 + number % 2,
                            }
                        ],
                    }
                }
            ),
            "babbles": "this is not JSON",
            "nan": json.dumps({"outcome": {**GOOD, "equity": [[0, float("nan")]]}}),
            "half": json.dumps({"outcome": {"trades": []}}),
            "list": "[1, 2]",
            "refuses in many words": json.dumps(
                {"outcome": {"error": {"category": "io", "code": 3001, "message": f"no, for the {number + 1}. time"}}}
            ),
            "refuses by turns": json.dumps({"outcome": {"error": {"category": "io", "code": 3001 + number % 2}}}),
            "refuses": json.dumps({"outcome": {"error": {"category": "io", "code": 3001, "message": "no"}}}),
        }[kind]
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
