"""Verbs about time: profile, bench compare, bench history."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from parity.harness.boundary.flame_graphs import TOOLS, ToolError, profile
from parity.harness.cli.common import (
    UsageError,
    load_case,
)
from parity.harness.model.files import prepare
from parity.harness.oracle.verdict import ExitCode
from parity.harness.report.bench_history import changes, history
from parity.harness.run.scratch import scratch


def profiled(options: argparse.Namespace) -> int:
    """Draws where an engine's time goes on a case, and says it in one line."""
    case = load_case(options.case)
    target = options.output or Path(f"{options.case.stem}-{options.engine}-{options.tool}.svg")
    with scratch() as folder:
        try:
            print(profile(prepare(case, folder), options.engine, options.tool, target, repeats=options.repeats))
        except ToolError as error:
            raise UsageError(str(error)) from error
    print(target)
    return ExitCode.PASS


def bench_compared(options: argparse.Namespace) -> int:
    """Judges the change from one `make bench` file to another: red only where noise cannot be the reason."""
    try:
        a, b = (json.loads(path.read_text(encoding="utf-8")) for path in (options.a, options.b))
        found = changes(a, b)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from error
    print("\n".join(str(change) for change in found))
    return ExitCode.PERFORMANCE if any(change.red for change in found) else ExitCode.PASS


def bench_history(options: argparse.Namespace) -> int:
    """Shows the figures of kept `make bench` files side by side, the oldest first."""
    try:
        files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(options.folder.glob("*.json"))]
        print("\n".join(history(files)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{options.folder}: {error}") from error
    return ExitCode.PASS


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    command = commands.add_parser("profile", help="a flame graph of an engine on a case", description=profiled.__doc__)
    command.set_defaults(function=profiled)
    command.add_argument("engine", choices=("v1", "v2"))
    command.add_argument("case", type=Path, help="a case file")
    command.add_argument("--tool", choices=tuple(TOOLS), default="py-spy", help="py-spy (Python side) or perf (native)")
    command.add_argument("--repeats", type=int, default=40, help="how often the case is run (default: 40)")
    command.add_argument("-o", "--output", type=Path, help="SVG or PNG (default: CASE-ENGINE-TOOL.svg)")
    benches = commands.add_parser("bench", help="compare benchmark files")
    benches = benches.add_subparsers(required=True, metavar="COMMAND")
    command = benches.add_parser("compare", help="judge the change from A to B", description=bench_compared.__doc__)
    command.set_defaults(function=bench_compared)
    command.add_argument("a", type=Path, help="a bench.json of `make bench`: before")
    command.add_argument("b", type=Path, help="the one after")
    command = benches.add_parser("history", help="show kept files side by side", description=bench_history.__doc__)
    command.set_defaults(function=bench_history)
    command.add_argument(
        "folder", type=Path, nargs="?", default=Path("var/bench/history"), help="of `make bench` files"
    )
