"""``omega-parity``: replay, explain, locate, shrink, plot cases; draft and check ADRs; hunt for differences."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from parity.harness import adr, draft, versions
from parity.harness.bench_compare import changes, history
from parity.harness.case import Case, prepare
from parity.harness.chart import plot
from parity.harness.compare import Tolerances
from parity.harness.describe import describe
from parity.harness.engines import SWITCHES, EnginesError
from parity.harness.explain import explanation, minimal_switches
from parity.harness.hunt import Hunt
from parity.harness.localise import localise
from parity.harness.outcome import Answer, Outcome
from parity.harness.profiling import TOOLS, ToolError, profile
from parity.harness.render import render
from parity.harness.runner import Examined, Pair
from parity.harness.scratch import scratch
from parity.harness.shrink import Budget, Size, shrink
from parity.harness.signature import signature
from parity.harness.verdict import ExitCode, Verdict, judge

EPILOG = """examples:
  omega-parity replay var/failed-cases/sweep-0-100-1.json     both engines on a saved case
  omega-parity replay CASE --v2 exit_gap,exit_slippage         the same with two switches at v2
  omega-parity explain CASE                                    which switches account for V2's own results
  omega-parity plot CASE -o case.svg                           bars, levels, entries and exits of both
  omega-parity adr new --case CASE --switch exit_gap           drafts an ADR with its evidence
  omega-parity sweep --seconds 60 --seed 7                     hunts for differences

exit codes: 0 equal or explained, 1 a difference, 2 a case, file or engine that cannot be used, 3 a slowdown"""


class UsageError(Exception):
    """What the user gave cannot be used; the message says why."""


def _load(path: Path) -> Case:
    try:
        return Case.load(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise UsageError(f"{path} is not a case file: {error}") from error


@contextmanager
def _pair(engines: Path | None) -> Iterator[Pair]:
    with scratch() as folder:
        pair = Pair.of(engines, folder, Tolerances.load())
        try:
            yield pair
        finally:
            pair.close()


def _switches(names: str) -> dict[str, str]:
    chosen = SWITCHES if names == "all" else tuple(n for n in names.split(",") if n)
    unknown = set(chosen) - set(SWITCHES)
    if unknown:
        raise UsageError(f"unknown switches: {', '.join(sorted(unknown))}; known: {', '.join(SWITCHES)}")
    return dict.fromkeys(chosen, "v2")


def _examine(pair: Pair, case: Case, switches: dict[str, str]) -> Examined:
    """At parity with every check; with switches at ``v2`` plainly."""
    if not switches:
        return pair.examine(case)
    prepared = pair.prepare(case)
    a, b = pair.reference(prepared, events=True), pair.candidate(prepared, switches, events=True)
    found = pair.differences(a, b, parity=False)
    report = judge(case.id, a, b, found, parity=False)
    return Examined(case=case, a=a, b=b, report=report, signature=signature(a, b, found))


def _outcomes(examined: Examined) -> tuple[Outcome, Outcome]:
    a, b = examined.a.outcome, examined.b.outcome
    if a is None or b is None:
        raise UsageError(f"{examined.report.case_id}: {examined.report.reason}")
    return a, b


def _status(examined: Examined) -> int:
    return ExitCode.PASS if examined.report.verdict is Verdict.MATCH else ExitCode.DIFFERENCE


def replay(options: argparse.Namespace) -> int:
    """Runs a case on both engines and says what differs and where."""
    case = _load(options.case)
    with _pair(options.engines) as pair:
        examined = _examine(pair, case, _switches(options.v2))
        if options.json:
            report = examined.report
            body = {"case": report.case_id, "verdict": report.verdict, "reason": report.reason, "trades": report.trades,
                    "differences": [{"path": d.path, "a": d.a, "b": d.b, "note": d.note} for d in report.differences],
                    "signature": examined.signature, "versions": versions.known()}  # fmt: skip
            print(json.dumps(body, indent=1))
        else:
            print(describe(pair, examined))
            if options.diff:
                print(render(*_outcomes(examined), examined.report.differences))
        return _status(examined)


def locate(options: argparse.Namespace) -> int:
    """The first bar at which the engines part."""
    case = _load(options.case)
    with _pair(options.engines) as pair:
        examined = _examine(pair, case, _switches(options.v2))
        if examined.signature is None:
            print(f"{case.id}: no difference")
        else:
            print(localise(case, *_outcomes(examined), names=(pair.a.name, pair.b.name)))
        return _status(examined)


def explain(options: argparse.Namespace) -> int:
    """The minimal set of switches that accounts for what differs at ``v2``, each with its effect."""
    case = _load(options.case)
    with _pair(options.engines) as pair:
        prepared = pair.prepare(case)
        a = pair.reference(prepared)

        def run(switches: Any) -> Answer:
            return pair.candidate(prepared, switches)

        def agrees(at_v1: frozenset[str]) -> bool:
            b = run({name: "v2" for name in SWITCHES if name not in at_v1})
            return b.failure is None and not pair.differences(a, b, parity=False)

        def outcome(switches: Any) -> Outcome:
            answer = run(switches)
            if answer.outcome is None:
                raise UsageError(f"{pair.b.name} {answer.failure}")
            return answer.outcome

        if a.outcome is None:
            raise UsageError(f"{pair.a.name} {a.failure}")
        found = minimal_switches(SWITCHES, agrees)
        if found is None:
            print("UNEXPLAINED: the engines differ with every switch at v1 (omega-parity locate says where)")
            return ExitCode.DIFFERENCE
        if not found:
            print("equal with all switches at v2: there is nothing to explain")
            return ExitCode.PASS
        decisions = {d.switch: d.path.name for d in adr.load_all() if d.switch}
        named = [f"{name} ({decisions.get(name, 'NO ADR')})" for name in sorted(found)]
        print(f"explained by {', '.join(named)}")
        print("\n".join(explanation(found, a.outcome, outcome, every=SWITCHES)))
        return ExitCode.PASS if found <= decisions.keys() else ExitCode.DIFFERENCE


def shrunk(options: argparse.Namespace) -> int:
    """Writes the smallest case that still shows the same difference."""
    case, switches = _load(options.case), _switches(options.v2)
    with _pair(options.engines) as pair:
        wanted = _examine(pair, case, switches).signature
        if wanted is None:
            raise UsageError(f"{case.id} shows no difference: there is nothing to shrink towards")
        budget = Budget(seconds=options.seconds, tries=100_000)
        small = shrink(case, lambda c: _examine(pair, c, switches).signature == wanted, budget=budget)
        target = options.output or options.case.with_name(f"{options.case.stem}-small.json")
        saved = replace(small, id=target.stem, seen={"signature": list(wanted), "versions": versions.known()})
        path = saved.save(target.parent)
        before, after = Size.of(case), Size.of(small)
        print(f"{before.bars} bars, {before.orders} orders -> {after.bars} bars, {after.orders} orders "
              f"in {budget.used} tries: {path}")  # fmt: skip
    return ExitCode.PASS


def plotted(options: argparse.Namespace) -> int:
    """Draws a case with both engines' entries and exits."""
    case = _load(options.case)
    with _pair(options.engines) as pair:
        examined = _examine(pair, case, _switches(options.v2))
        target = options.output or options.case.with_suffix(".svg")
        try:
            print(plot(case, _outcomes(examined), target, names=(pair.a.name, pair.b.name)))
        except ValueError as error:
            raise UsageError(str(error)) from error
    return ExitCode.PASS


def adr_new(options: argparse.Namespace) -> int:
    """Drafts an ADR about a switch from a case that shows it."""
    case = _load(options.case)
    with _pair(None) as pair:
        prepared = pair.prepare(case)
        a = pair.reference(prepared)
        if pair.differences(a, pair.candidate(prepared, {})):
            raise UsageError(f"{case.id} differs with every switch at v1: that is a bug and no decision")
        found = pair.differences(a, pair.candidate(prepared, _switches(options.switch)), parity=False)
        try:
            path = draft.draft(options.switch, options.case, found, bars=Size.of(case).bars, folder=options.folder)
        except ValueError as error:
            raise UsageError(str(error)) from error
    print(f"{path}: fill in what is {draft.TODO}, then omega-parity adr check")
    return ExitCode.PASS


def adr_check(options: argparse.Namespace) -> int:
    """Runs every ADR's witness."""
    try:
        decisions = adr.load_all(options.folder)
    except adr.AdrError as error:
        print(error, file=sys.stderr)
        return ExitCode.DIFFERENCE
    faults = adr.unmatched(decisions, SWITCHES)
    with _pair(None) as pair:
        for decision in decisions:
            if decision.switch and decision.effect:
                fault = adr.check(decision, pair)
                print(f"{decision.path.name:60} {fault or 'holds'}")
                faults += [f"{decision.path.name}: {fault}"] if fault else []
    for fault in faults:
        print(fault, file=sys.stderr)
    return ExitCode.DIFFERENCE if faults else ExitCode.PASS


def sweep(options: argparse.Namespace) -> int:
    """Hunts for differences among generated cases, outside pytest."""
    from parity.harness.coverage import Coverage

    with _pair(options.engines) as pair:
        hunt = Hunt(pair, Coverage(), options.output, limits=pair.limits)
        began, shown, number = time.monotonic(), 0.0, 0
        numbers = itertools.count() if options.cases is None else range(options.cases)
        for number, (case, made) in enumerate(hunt.sweep(options.seed, numbers), 1):
            hunt.look(case, made)
            spent = time.monotonic() - began
            if spent >= options.seconds:
                break
            if spent - shown > 5:
                shown = spent
                missing = len(hunt.coverage.missing())
                print(f"{number} cases, {number / spent:.0f}/s, {missing} branches not taken yet, "
                      f"{len(hunt.kinds)} kinds of differences", file=sys.stderr)  # fmt: skip
        print("\n".join(hunt.coverage.lines()))
        for found in hunt.conclude(name=f"sweep-{options.seed}"):
            print(f"\n{found.text}")
        print(f"\n{number} cases of seed {options.seed}: {len(hunt.kinds)} kinds of differences")
        return ExitCode.DIFFERENCE if hunt.kinds else ExitCode.PASS


def corpus(options: argparse.Namespace) -> int:
    """Keeps a small case for every rule branch that generated cases seldom take."""
    from parity.harness.corpus import keep_rare

    with _pair(None) as pair:
        for line in keep_rare(pair, options.output, cases=options.cases, below=options.below, seed=options.seed):
            print(line, flush=True)
    return ExitCode.PASS


def profiled(options: argparse.Namespace) -> int:
    """Draws where an engine's time goes on a case, and says it in one line."""
    case = _load(options.case)
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


def _case_command(commands: Any, name: str, function: Callable[[argparse.Namespace], int], text: str) -> Any:
    command = commands.add_parser(name, help=text, description=function.__doc__)
    command.set_defaults(function=function)
    command.add_argument("case", type=Path, help="a case file, as in parity/cases or var/failed-cases")
    command.add_argument("--engines", type=Path, help="an engines.toml that names another pair than V1 and V2")
    return command


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="omega-parity", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    at_v2 = {"metavar": "SWITCH,...", "default": "", "help": "switches at v2 (default: none; all: every one)"}
    command = _case_command(commands, "replay", replay, "run a case on both engines and say what differs")
    command.add_argument("--v2", **at_v2)
    command.add_argument("--json", action="store_true", help="the report as JSON")
    command.add_argument("--diff", action="store_true", help="the rows that differ as well, field by field")
    _case_command(commands, "explain", explain, "the switches that account for V2's own results, and their effects")
    command = _case_command(commands, "locate", locate, "the first bar at which the engines part, in words")
    command.add_argument("--v2", **at_v2)
    command = _case_command(commands, "shrink", shrunk, "the smallest case with the same difference")
    command.add_argument("--v2", **at_v2)
    command.add_argument("-o", "--output", type=Path, help="where to write it (default: CASE-small.json)")
    command.add_argument("--seconds", type=float, default=60.0, help="how long to try (default: 60)")
    command = _case_command(commands, "plot", plotted, "bars, levels, and both engines' entries and exits")
    command.add_argument("--v2", **at_v2)
    command.add_argument("-o", "--output", type=Path, help="PNG, SVG or PDF (default: CASE.svg)")
    _other_commands(commands)
    return top


def _other_commands(commands: Any) -> None:
    records = commands.add_parser("adr", help="draft and check architecture decision records").add_subparsers(
        required=True, metavar="COMMAND"
    )
    command = records.add_parser("new", help="draft an ADR with its evidence", description=adr_new.__doc__)
    command.set_defaults(function=adr_new)
    command.add_argument("--case", type=Path, required=True, help="the witness")
    command.add_argument("--switch", required=True, choices=SWITCHES, metavar="SWITCH", help="what it is about")
    command.add_argument("--folder", type=Path, default=adr.ADR_DIR, help="where ADRs lie (default: ADRs)")
    command = records.add_parser("check", help="run every witness", description=adr_check.__doc__)
    command.set_defaults(function=adr_check)
    command.add_argument("--folder", type=Path, default=adr.ADR_DIR, help="where ADRs lie (default: ADRs)")
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
    command = commands.add_parser("sweep", help="hunt for differences", description=sweep.__doc__)
    command.set_defaults(function=sweep)
    command.add_argument("--cases", type=int, help="how many cases (default: as many as the time allows)")
    command.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    command.add_argument("--seed", type=int, default=0, help="seed of the cases (default: 0)")
    command.add_argument("--engines", type=Path, help="an engines.toml that names another pair than V1 and V2")
    command.add_argument("-o", "--output", type=Path, default=Path("var/failed-cases"), help="where findings go")
    command = commands.add_parser("corpus", help="keep cases that take rare branches", description=corpus.__doc__)
    command.set_defaults(function=corpus)
    command.add_argument("--cases", type=int, default=6000, help="cases to look at (default: 6000)")
    command.add_argument("--below", type=int, default=12, help="what counts as rare, in cases (default: 12)")
    command.add_argument("--seed", type=int, default=1, help="seed of the cases (default: 1)")
    command.add_argument("-o", "--output", type=Path, default=Path("parity/cases"), help="where they are kept")


def main(argv: list[str] | None = None) -> int:
    """Runs a command; its exit code."""
    options = parser().parse_args(argv)
    try:
        status: int = options.function(options)
    except (UsageError, EnginesError, adr.AdrError) as error:
        print(f"omega-parity: {error}", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    return status


if __name__ == "__main__":
    sys.exit(main())
