"""Verbs about one case: replay, locate, explain, minimise, plot."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from parity.harness.adr import record as adr
from parity.harness.cli.common import (
    UsageError,
    both_outcomes,
    examine,
    load_case,
    open_pair,
    parse_switches,
    status_of,
)
from parity.harness.engines import SWITCHES
from parity.harness.model import provenance as versions
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.attribution import attribute_to_switches, explanation
from parity.harness.oracle.verdict import ExitCode
from parity.harness.run.probe import Probe
from parity.harness.triage.describe import describe, sides_of
from parity.harness.triage.minimise import Budget, Size, minimise
from parity.harness.triage.narrate import narrate
from parity.harness.triage.plot import plot


def replay(options: argparse.Namespace) -> int:
    """Runs a case on both engines and reports what differs, where they diverge, and why.

    Exit codes: 0 equal, 1 a difference, 2 no answer that can be compared.
    """
    case = load_case(options.case)
    with open_pair(options.engines) as pair:
        examined = examine(pair, case, parse_switches(options.v2))
        if options.json:
            report = examined.report
            body = {"case": report.case_id, "verdict": report.verdict, "reason": report.reason, "trades": report.trades,
                    "differences": [{"group": d.group, "order": d.order, "field": d.field, "path": d.path, "a": d.a,
                                     "b": d.b, "note": d.note} for d in report.differences],
                    "unknown": sorted(report.unknown),
                    "fingerprint": examined.fingerprint, "versions": versions.known()}  # fmt: skip
            print(json.dumps(body, indent=1))
        else:
            print(describe(pair, examined))
            if options.diff:
                # Its library takes longer to import than everything else that a verb needs.
                from parity.harness.triage.render import render

                print(render(*both_outcomes(examined), examined.report.differences))
        return status_of(examined)


def locate(options: argparse.Namespace) -> int:
    """Reports the first bar at which the engines diverge, with the trace and the bars around it."""
    case = load_case(options.case)
    with open_pair(options.engines) as pair:
        examined = examine(pair, case, parse_switches(options.v2))
        if examined.fingerprint is None:
            print(describe(pair, examined))
        else:
            both_outcomes(examined)
            sides = sides_of(pair, examined)
            assert sides is not None
            print(narrate(case, sides, examined.report.differences))
        return status_of(examined)


def explain(options: argparse.Namespace) -> int:
    """Finds the smallest set of switches that explains how V2 with every switch at v2 differs from V1.

    It turns switches and measures. Each switch of the set is shown with its own effect on trades and money.
    """
    case = load_case(options.case)
    with open_pair(options.engines) as pair:
        probe = Probe(pair, pair.prepare(case))

        def agrees(at_v1: frozenset[str]) -> bool:
            return probe.equal(name for name in SWITCHES if name not in at_v1)

        def outcome(switches: Mapping[str, str]) -> Outcome | Refusal:
            answer = probe.at(switches)
            if answer.outcome is None:
                raise UsageError(f"{pair.b.name} {answer.failure}")
            return answer.outcome

        reference = probe.reference.outcome
        failure = probe.failure()
        if reference is None or failure:
            raise UsageError(f"{case.id}: {failure}")
        found = attribute_to_switches(SWITCHES, agrees)
        if found is None:
            print("UNEXPLAINED: the engines differ with every switch at v1 (omega-parity locate says where)")
            return ExitCode.DIFFERENCE
        if not found:
            print("equal with all switches at v2: there is nothing to explain")
            return ExitCode.PASS
        decisions = {switch: decision.path.name for switch, decision in adr.by_switch(adr.load_all()).items()}
        named = [f"{name} ({decisions.get(name, 'NO ADR')})" for name in sorted(found)]
        print(f"explained by {', '.join(named)}")
        print("\n".join(explanation(found, reference, outcome, every=SWITCHES, engines=(pair.a.name, pair.b.name))))
        return ExitCode.PASS if found <= decisions.keys() else ExitCode.DIFFERENCE


def minimised(options: argparse.Namespace) -> int:
    """Minimises a case: writes the smallest one that still shows the same difference (the same fingerprint)."""
    case, switches = load_case(options.case), parse_switches(options.v2)
    with open_pair(options.engines) as pair:
        wanted = examine(pair, case, switches).fingerprint
        if wanted is None:
            raise UsageError(f"{case.id} shows no difference: there is nothing to minimise")
        budget = Budget(seconds=options.seconds, tries=100_000)
        small = minimise(case, lambda c: examine(pair, c, switches).fingerprint == wanted, budget=budget)
        target = options.output or options.case.with_name(f"{options.case.stem}-small.json")
        saved = replace(small, id=target.stem, seen={"fingerprint": list(wanted), "versions": versions.known()})
        path = saved.save(target.parent)
        before, after = Size.of(case), Size.of(small)
        print(f"{before.bars} bars, {before.orders} orders -> {after.bars} bars, {after.orders} orders "
              f"in {budget.used} tries: {path}")  # fmt: skip
    return ExitCode.PASS


def plotted(options: argparse.Namespace) -> int:
    """Draws the bars of a case with its levels and both engines' entries and exits."""
    case = load_case(options.case)
    with open_pair(options.engines) as pair:
        examined = examine(pair, case, parse_switches(options.v2))
        target = options.output or options.case.with_suffix(".svg")
        try:
            both_outcomes(examined)
            sides = sides_of(pair, examined)
            assert sides is not None
            print(plot(case, sides, target, examined.report.differences))
        except ValueError as error:
            raise UsageError(str(error)) from error
    return ExitCode.PASS


def case_command(commands: Any, name: str, function: Callable[[argparse.Namespace], int], text: str) -> Any:
    """Adds a verb that takes one case file and, optionally, an engines.toml."""
    command = commands.add_parser(name, help=text, description=function.__doc__)
    command.set_defaults(function=function)
    command.add_argument("case", type=Path, help="a case file, as in parity/cases or var/failed-cases")
    command.add_argument("--engines", type=Path, help="an engines.toml with another pair (default: V1 and V2)")
    return command


AT_V2: dict[str, Any] = {
    "metavar": "SWITCH,...",
    "default": "",
    "help": "switches at v2, or all of them with 'all' (default: none, every switch at v1)",
}


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    command = case_command(commands, "replay", replay, "run a case on both engines and report what differs")
    command.add_argument("--v2", **AT_V2)
    command.add_argument("--json", action="store_true", help="print the report as JSON")
    command.add_argument("--diff", action="store_true", help="also print the rows that differ, field by field")
    case_command(commands, "explain", explain, "find the switches that explain V2's own results")
    command = case_command(commands, "locate", locate, "report the first bar at which the engines diverge")
    command.add_argument("--v2", **AT_V2)
    command = case_command(commands, "shrink", minimised, "minimise a case that shows a difference")
    command.add_argument("--v2", **AT_V2)
    command.add_argument("-o", "--output", type=Path, help="where to write it (default: CASE-small.json)")
    command.add_argument("--seconds", type=float, default=60.0, help="how long to try (default: 60)")
    command = case_command(commands, "plot", plotted, "draw a case with both engines' entries and exits")
    command.add_argument("--v2", **AT_V2)
    command.add_argument("-o", "--output", type=Path, help="a .png, .svg or .pdf (default: the case's name with .svg)")
