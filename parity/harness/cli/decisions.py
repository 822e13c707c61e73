"""Verbs about architecture decision records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from parity.harness.adr import draft
from parity.harness.adr import record as adr
from parity.harness.cli.common import (
    UsageError,
    load_case,
    open_pair,
    parse_switches,
)
from parity.harness.engines import SWITCHES
from parity.harness.oracle.verdict import ExitCode
from parity.harness.triage.minimise import Size


def adr_new(options: argparse.Namespace) -> int:
    """Drafts an ADR about a switch from a case that shows it."""
    case = load_case(options.case)
    with open_pair(None) as pair:
        prepared = pair.prepare(case)
        a = pair.reference(prepared)
        if pair.differences(a, pair.candidate(prepared, {})):
            raise UsageError(f"{case.id} differs with every switch at v1: that is a bug and no decision")
        found = pair.differences(a, pair.candidate(prepared, parse_switches(options.switch)), parity=False)
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
    with open_pair(None) as pair:
        for decision in decisions:
            if decision.switch and decision.effect:
                fault = adr.check(decision, pair)
                print(f"{decision.path.name:60} {fault or 'holds'}")
                faults += [f"{decision.path.name}: {fault}"] if fault else []
    for fault in faults:
        print(fault, file=sys.stderr)
    return ExitCode.DIFFERENCE if faults else ExitCode.PASS


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
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
