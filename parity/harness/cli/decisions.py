"""Verbs about architecture decision records."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from parity.harness.adr import draft, measure, site
from parity.harness.adr import record as adr
from parity.harness.cli.common import UsageError, load_case, open_pair
from parity.harness.engines import SWITCHES, V2Engine
from parity.harness.generate import market_runs
from parity.harness.oracle.verdict import ExitCode
from parity.harness.run.probe import Probe
from parity.harness.run.scratch import scratch
from parity.harness.triage.minimise import Size


def adr_new(options: argparse.Namespace) -> int:
    """Drafts an ADR about a switch, with its evidence filled in from a case that shows the switch.

    What a person has to write is marked. omega-parity adr check refuses the draft until it is written.
    """
    try:
        draft.refuse_second(options.switch, options.folder)
        draft.witness_path(options.case)
    except ValueError as error:
        raise UsageError(str(error)) from error
    case = load_case(options.case)
    with open_pair(None) as pair:
        probe = Probe(pair, pair.prepare(case))
        if failure := probe.failure() or probe.failure([options.switch]):
            raise UsageError(f"{case.id}: {failure}")
        if not probe.equal_at_v1():
            raise UsageError(f"{case.id} differs with every switch at v1: that is a bug and no decision")
        found = probe.differences(options.switch)
        try:
            path = draft.draft(options.switch, options.case, found, bars=Size.of(case).bars, folder=options.folder)
        except ValueError as error:
            raise UsageError(str(error)) from error
    print(f"{path}: fill in what is {draft.TODO}, set the status to accepted, then omega-parity adr check")
    return ExitCode.PASS


def adr_check(options: argparse.Namespace) -> int:
    """Runs every ADR's witness. 1: an ADR no longer holds. 2: a page is a draft or broken, or a witness cannot run."""
    decisions, broken = adr.examine(options.folder)
    broken += adr.unmatched(decisions, SWITCHES)
    words: Counter[str] = Counter()
    with open_pair(None) as pair:
        for decision in decisions:
            if decision.switch is None or decision.front.status in ("superseded", "rejected"):
                continue
            try:
                fault = adr.check(decision, pair)
            except adr.CannotJudgeError as error:
                broken.append(f"{decision.path.name}: {error}")
                words["cannot be judged"] += 1
                print(f"{decision.path.name:60} cannot be judged")
                continue
            words["no longer hold" if fault else "hold"] += 1
            print(f"{decision.path.name:60} {'NO LONGER HOLDS' if fault else 'holds'}")
            for line in (fault or "").splitlines():
                print(f"{decision.path.name}: {line}", file=sys.stderr)
    for fault in broken:
        print(fault, file=sys.stderr)
    print(", ".join(f"{count} {word}" for word, count in words.items()) or "no ADR about a switch")
    if words["no longer hold"]:
        return ExitCode.DIFFERENCE
    return ExitCode.INFRASTRUCTURE if broken else ExitCode.PASS


def adr_measure(options: argparse.Namespace) -> int:
    """Measures each switch alone on the embedded market's runs, and writes the table and the pages made of it.

    With --check nothing is written: 1 when a figure has changed, 2 when a page is not what the table gives.
    """
    try:
        with scratch() as folder:
            engine = V2Engine()
            try:
                cases = measure.cases(market_runs.embedded_root(adr.REPOSITORY), options.run or measure.NAMES)
                rows = measure.measure(engine, cases, folder)
            finally:
                engine.close()
        if options.check:
            for line in (changed := measure.changes(measure.load(options.folder), rows)):
                print(line)
            print(f"{len(rows)} measurements, {len(changed)} differ from {measure.TABLE}")
            return ExitCode.DIFFERENCE if changed else adr_index(options)
    except measure.EvidenceError as error:
        raise UsageError(str(error)) from error
    if options.run:
        raise UsageError("--run goes with --check: the table has every run")
    path = options.folder / measure.TABLE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(measure.text_of(rows), encoding="utf-8")
    print(f"{path}: {len(rows)} measurements")
    return adr_index(options)


def adr_index(options: argparse.Namespace) -> int:
    """Writes the index and the ADRs' measured blocks from the recorded table. With --check: 2 when one is stale."""
    try:
        found = site.stale(options.folder) if options.check else site.write(options.folder)
    except measure.EvidenceError as error:
        raise UsageError(str(error)) from error
    for path in found:
        print(f"{path}: {'is not what the ADRs and the table give' if options.check else 'written'}")
    if options.check and found:
        print("omega-parity adr index writes them", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    if not found:
        print("index and pages are as they should be")
    return ExitCode.PASS


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    records = commands.add_parser("adr", help="draft, check, measure and index ADRs (decisions that run as tests)")
    verbs = records.add_subparsers(required=True, metavar="COMMAND")
    command = verbs.add_parser("new", help="draft an ADR about a switch", description=adr_new.__doc__)
    command.set_defaults(function=adr_new)
    command.add_argument("--case", type=Path, required=True, help="the witness: a case file that shows the switch")
    command.add_argument(
        "--switch", required=True, choices=SWITCHES, metavar="SWITCH", help="a switch of ADRs/index.md"
    )
    others = [command]
    for name, function, text in (
        ("check", adr_check, "run the witness of every ADR"),
        ("measure", adr_measure, "measure each switch on the market runs"),
        ("index", adr_index, "write the index page and the measured blocks"),
    ):
        command = verbs.add_parser(name, help=text, description=function.__doc__)
        command.set_defaults(function=function)
        if name != "check":
            command.add_argument("--check", action="store_true", help="write nothing, report what would change")
        if name == "measure":
            command.add_argument("--run", action="append", choices=measure.NAMES, metavar="RUN",
                                 help="with --check: only this market run (may be repeated)")  # fmt: skip
        others.append(command)
    for command in others:
        command.add_argument("--folder", type=Path, default=adr.ADR_DIR, help="folder of the ADRs (default: ADRs)")
