"""Tiny engines for testing the harness: each speaks JSON lines and misbehaves in one way.

``python engines_that_lie.py KIND [FILE]``: without ids and hello, as engines did at first, unless the kind begins with
``id-``. ``says`` answers every request with the text of FILE; kinds that leave processes behind write their process
ids into it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GOOD = {
    "trades": [], "open_positions": [], "equity": [[0, 10000.0]], "balance": 10000.0, "fees_total": 0.0,
    "metrics": {"total_trades": 0},
}  # fmt: skip
HELLO = {"hello": {"protocol": 2, "name": "liar", "version": "0.1", "capabilities": {"events": True}}}
#: Writes without end; ``{stream}`` is stdout or stderr.
FLOOD = "import sys\nwhile True: sys.{stream}.buffer.write({what})"


def say(line: object) -> None:
    text = line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
    sys.stdout.buffer.write(text + b"\n")
    sys.stdout.buffer.flush()


def good(request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An honest reply, with the request's id where it has one."""
    return {"id": request["id"], "outcome": {**GOOD, **changes}, "bars": 1}


#: Writes its process id into a file and stays.
STAYS = "import os, sys, time\nopen(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\ntime.sleep(600)"
#: Starts that in a session of its own and ends, with its own environment or with none of it.
DAEMON = (
    "import os, subprocess, sys\n"
    "os.setsid()\n"
    f"subprocess.Popen([sys.executable, '-c', {STAYS!r}, sys.argv[1]], env=ENVIRONMENT, start_new_session=True)\n"
)


def leave_process(kind: str, path: str) -> None:
    """Leaves a process behind and waits until it has written its id into ``path``.

    A child has no mark, but is in the engine's session. A grandchild is in a session of its own and its parent is gone,
    but it has the mark. An orphan has neither, and no parent.
    """
    if kind == "leaves-child":
        subprocess.Popen([sys.executable, "-c", STAYS, path], env={"PATH": os.environ["PATH"]})
    else:
        env = "{}" if kind == "leaves-orphan" else "None"
        subprocess.run([sys.executable, "-c", DAEMON.replace("ENVIRONMENT", env), path], check=True)
    until = time.monotonic() + 10
    while not Path(path).exists() and time.monotonic() < until:
        time.sleep(0.01)


def allocate(request: dict[str, Any]) -> None:
    held = []
    while True:
        held.append(bytearray(64 << 20))


#: What an engine without ids answers, by kind; the number of the request counts from 0.
OLD: dict[str, Callable[[int], object]] = {
    "honest": lambda number: {"outcome": GOOD, "bars": 1},
    "lies": lambda number: {"outcome": {**GOOD, "balance": 10000.01}, "bars": 1},
    "wavers": lambda number: {"outcome": {**GOOD, "balance": 10000.0 + number % 2}, "bars": 1},
    "babbles": lambda number: "this is not JSON",
    "nan": lambda number: {"outcome": {**GOOD, "equity": [[0, float("nan")]]}},
    "half": lambda number: {"outcome": {"trades": []}},
    "list": lambda number: [1, 2],
    "wavers in its trace": lambda number: {
        "outcome": {
            **GOOD,
            "events": [{"event": "equity", "bar": 0, "timestamp_ns": 0, "order": None, "equity": 1.0,
                        "balance": 1.0 + number % 2}],
        }
    },
    "refuses in many words": lambda number: {
        "outcome": {"error": {"category": "io", "code": 3001, "message": f"no, for the {number + 1}. time"}}
    },
    "refuses by turns": lambda number: {"outcome": {"error": {"category": "io", "code": 3001 + number % 2}}},
    "says": lambda number: Path(sys.argv[2]).read_bytes(),
    "refuses": lambda number: {"outcome": {"error": {"category": "io", "code": 3001, "message": "no"}}},
    "odd-bars": lambda number: {"outcome": GOOD, "bars": "abc"},
    "more-keys": lambda number: {"outcome": GOOD, "bars": 1, "profit": 5.0},
    "fails-in-colour": lambda number: {"failure": "\x1b[2J\u202eEQUAL"},
    "fails": lambda number: {"failure": "the\ndisk is on fire"},
}  # fmt: skip


def answer(kind: str, number: int, request: dict[str, Any]) -> None:
    """Misbehaves where a kind does so before it answers, then answers."""
    if kind == "crashes":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "aborts":
        os.abort()
    if kind == "exits":
        sys.exit("out of luck")
    if kind == "hangs":
        time.sleep(60)
    if kind == "allocates":
        allocate(request)
    if kind == "endless-line":
        exec(FLOOD.format(stream="stdout", what="b'x' * 65536"))
    if kind == "endless-lines":
        say(OLD["honest"](number))
        exec(FLOOD.format(stream="stdout", what="b'{}\\n' * 20000"))
    if kind == "stderr-endless":
        exec(FLOOD.format(stream="stderr", what="b'x' * 65536"))
    if kind == "stderr-flood":
        for i in range(1000):
            sys.stderr.write(f"{i} " + "x" * 65536 + "\n")
    if kind == "stderr-then-dies":
        sys.stderr.write("y" * 10_000_000 + "\nthe last word\n")
        sys.exit(3)
    if kind.startswith("leaves-"):
        leave_process(kind, sys.argv[2])
        if number == 1 and sys.argv[3:] == ["and ends"]:
            sys.exit(1)
        if number == 1:
            time.sleep(60)
    if kind == "turns-on-its-parent":
        Path(sys.argv[2]).write_text(f"{os.getpid()}\n")
        os.kill(os.getppid(), signal.Signals[sys.argv[3]])
        time.sleep(60)
    if kind == "breaks-off" and number > 0:
        sys.stdout.write(json.dumps(OLD["honest"](number))[:40])
        sys.stdout.flush()
        sys.exit(0)
    if kind == "closes-output":
        os.close(1)
        time.sleep(60)
    say(OLD.get(kind, OLD["honest"])(number))
    if kind == "answers-twice":
        say(OLD["honest"](number))
    if kind in ("exits-after", "exits-after-badly"):
        sys.exit(0 if kind == "exits-after" else 7)


def numbered(kind: str, number: int, request: dict[str, Any]) -> None:
    """Engines with ids; those that are named ``...-hello`` have said hello before."""
    if kind == "id-late" and number == 1:
        time.sleep(1.0)
    given = {"id-other": request["id"] + 1, "id-text": str(request["id"]), "id-true": True, "id-before": request["id"]
             - (number > 0), "id-null": None}.get(kind, request["id"])  # fmt: skip
    reply = {**good(request, balance=10000.0 + number * kind.startswith("id-counts")), "id": given}
    if kind == "id-missing-hello" or (kind == "id-lost" and number > 0):
        del reply["id"]
    if kind == "id-unknown-hello":
        reply["unknown"] = ["metrics.total_trades", "fees_total"]
        del reply["outcome"]["metrics"]["total_trades"], reply["outcome"]["fees_total"]
    say(reply)
    if kind == "id-twice":
        say(reply)
    if kind == "id-exits-after":
        sys.exit(0)


HELLOS: dict[str, object] = {
    "id-future-hello": {"hello": {"protocol": 3}},
    "id-odd-hello": {"hello": {"protocol": 2, "colour": "red"}},
    "id-gates-hello": {"hello": {"protocol": 2, "capabilities": {"gates": ["session", "moon"]}}},
    "id-traceless-hello": {"hello": {"protocol": 2, "capabilities": {"events": False, "gates": ["session"]}}},
}


def main(kind: str) -> None:
    if kind == "prints-before":
        say(OLD["honest"](0))
    if kind == "banner":
        say("engine 1.0, ready")
    if kind.endswith("-hello"):
        say(HELLOS.get(kind, HELLO))
    if kind in ("never-reads", "closes-input"):
        if kind == "closes-input":
            os.close(0)
        time.sleep(60)
    if kind == "reads-a-little":
        os.read(0, 10)
        say(OLD["honest"](0))
        time.sleep(60)
    for number, line in enumerate(sys.stdin):
        (numbered if kind.startswith("id-") else answer)(kind, number, json.loads(line))


if __name__ == "__main__":
    main(sys.argv[1])
