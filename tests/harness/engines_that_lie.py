"""Tiny engines for testing the harness: each speaks the worker's JSON lines and misbehaves in one way."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

GOOD = {
    "trades": [], "open_positions": [], "equity": [[0, 10000.0]], "balance": 10000.0, "fees_total": 0.0,
    "metrics": {"total_trades": 0},
}  # fmt: skip


def main(kind: str) -> None:
    for number, line in enumerate(sys.stdin):
        json.loads(line)
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
            "babbles": "this is not JSON",
            "nan": json.dumps({"outcome": {**GOOD, "equity": [[0, float("nan")]]}}),
            "half": json.dumps({"outcome": {"trades": []}}),
            "list": "[1, 2]",
            "refuses": json.dumps({"outcome": {"error": {"category": "io", "code": 3001, "message": "no"}}}),
        }[kind]
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
