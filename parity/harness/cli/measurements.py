"""Verbs about time: profile, bench compare, bench history."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from parity.harness.boundary.flame_graphs import TOOLS, ToolError, profile
from parity.harness.cli.common import UsageError, load_case
from parity.harness.model.files import prepare
from parity.harness.oracle.verdict import ExitCode
from parity.harness.report.bench_history import BenchFile, BenchFileError, changes, history, read
from parity.harness.run.scratch import scratch


def profiled(options: argparse.Namespace) -> int:
    """Runs a case many times, draws a flame graph of the engine, and says in one line where its time goes."""
    case = load_case(options.case)
    target = options.output or Path(f"{options.case.stem}-{options.engine}-{options.tool}.svg")
    with scratch() as folder:
        try:
            print(profile(prepare(case, folder), options.engine, options.tool, target, repeats=options.repeats))
        except ToolError as error:
            raise UsageError(str(error)) from error
    print(target)
    return ExitCode.PASS


def _bench_file(path: Path) -> BenchFile:
    """A file of `make bench`; UsageError when it cannot be used."""
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except BenchFileError as error:
        raise UsageError(f"{path}: {error}") from error


def bench_compared(options: argparse.Namespace) -> int:
    """Judges how the figures changed between two files of `make bench`. Red means that noise cannot be the reason.

    Exit codes: 0 nothing is red, 3 something is.
    """
    a, b = _bench_file(options.a), _bench_file(options.b)
    try:
        found = changes(a, b)
    except BenchFileError as error:
        raise UsageError(f"{options.a}, {options.b}: {error}") from error
    print("\n".join(str(change) for change in found))
    return ExitCode.PERFORMANCE if any(change.red for change in found) else ExitCode.PASS


def bench_history(options: argparse.Namespace) -> int:
    """Shows the figures of kept `make bench` files side by side, the oldest first."""
    if not options.folder.is_dir():
        raise UsageError(f"{options.folder}: no such folder; `make bench` keeps its files in var/bench/history")
    paths = sorted(options.folder.glob("*.json"))
    if not paths:
        raise UsageError(f"{options.folder}: no *.json file to show; `make bench` keeps one of each run")
    try:
        print("\n".join(history([_bench_file(path) for path in paths])))
    except BenchFileError as error:
        raise UsageError(f"{options.folder}: {error}") from error
    return ExitCode.PASS


def _positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    command = commands.add_parser("profile", help="draw a flame graph of an engine", description=profiled.__doc__)
    command.set_defaults(function=profiled)
    command.add_argument("engine", choices=("v1", "v2"), help="the engine")
    command.add_argument("case", type=Path, help="a case file")
    command.add_argument(
        "--tool", choices=tuple(TOOLS), default="py-spy", help="py-spy: the Python side; perf: the native side"
    )
    command.add_argument("--repeats", type=_positive, default=40, help="how often the case is run (default: 40)")
    command.add_argument("-o", "--output", type=Path, help="a .svg, .png or .pdf (default: CASE-ENGINE-TOOL.svg)")
    benches = commands.add_parser("bench", help="compare files of make bench, or list them")
    benches = benches.add_subparsers(required=True, metavar="COMMAND")
    command = benches.add_parser("compare", help="judge the change between two", description=bench_compared.__doc__)
    command.set_defaults(function=bench_compared)
    command.add_argument("a", type=Path, help="the file from before: a bench.json of make bench")
    command.add_argument("b", type=Path, help="the file from after")
    command = benches.add_parser("history", help="show all kept files side by side", description=bench_history.__doc__)
    command.set_defaults(function=bench_history)
    command.add_argument(
        "folder", type=Path, nargs="?", default=Path("var/bench/history"), help="default: var/bench/history"
    )
