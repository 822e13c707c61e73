"""``python -m parity.harness replay CASE``: both engines on one saved case."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from parity.harness.case import Case
from parity.harness.compare import Tolerances
from parity.harness.engines import SWITCHES, V1Engine, V2Engine
from parity.harness.explain import minimal_switches
from parity.harness.locate import first_parting
from parity.harness.render import render
from parity.harness.runner import Pair
from parity.harness.verdict import ExitCode, Verdict, judge


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m parity.harness", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser("replay", help="run a saved case on both engines and say where they part")
    replay.add_argument("case", type=Path, help="a case file, as in parity/cases")
    replay.add_argument(
        "--v2",
        metavar="SWITCH,...",
        default="",
        help="switches at v2 (default: none; 'all' for every switch)",
    )
    return parser.parse_args(argv)


def replay(path: Path, names: str) -> int:
    """Prints verdict, differences, first parting and, with ``--v2 all``, the switches that account for it."""
    chosen = SWITCHES if names == "all" else tuple(n for n in names.split(",") if n)
    unknown = set(chosen) - set(SWITCHES)
    if unknown:
        print(f"unknown switches: {', '.join(sorted(unknown))}; known: {', '.join(SWITCHES)}", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(V1Engine(), V2Engine(), Path(folder), Tolerances.load())
        prepared = pair.prepare(Case.load(path))
        switches = dict.fromkeys(chosen, "v2")
        a = pair.reference(prepared, events=True)
        b = pair.candidate(prepared, switches, events=True)
        report = judge(prepared.case.id, a, b, pair.differences(a, b, parity=not switches), parity=not switches)
        print(report)
        if a.outcome is not None and b.outcome is not None:
            print(render(a.outcome, b.outcome, report.differences))
            parting = first_parting(a.outcome.get("events", ()), b.outcome.get("events", ()))
            print(parting if parting else "the traces are equal")
        explained = None
        if switches and report.verdict is Verdict.UNEXPLAINED:

            def agrees(at_v1: frozenset[str]) -> bool:
                rest = {name: "v2" for name in chosen if name not in at_v1}
                return not pair.differences(a, pair.candidate(prepared, rest), parity=False)

            explained = minimal_switches(chosen, agrees)
            print(f"explained by: {', '.join(sorted(explained))}" if explained else "no switch explains it")
        pair.close()
    return ExitCode.PASS if report.verdict is Verdict.MATCH or explained else ExitCode.DIFFERENCE


if __name__ == "__main__":
    arguments = _arguments(sys.argv[1:])
    sys.exit(replay(arguments.case, arguments.v2))
