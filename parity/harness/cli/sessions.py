"""Verbs about sessions of the suite: merge."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from parity.harness.cli.common import UsageError
from parity.harness.oracle.verdict import ExitCode
from parity.harness.report.conclusion import exit_code
from parity.harness.report.document import MOST_BYTES, SessionDocument, SessionError, decode
from parity.harness.report.joint import join
from parity.harness.report.session import Session
from parity.harness.report.text import render
from parity.harness.report.writing import write_report


def merge(options: argparse.Namespace) -> int:
    """Joins the sessions of all shards of a run, prints one report, and ends with the exit code of the joint run.

    pytest parity --shard k/n leaves the session of a shard in var/parity-session.json. Give --whole to end with 2 as
    well where the shards together left out a part of the suite; without it they may be a part.
    """
    try:
        whole = join([_read(path) for path in options.sessions])
    except SessionError as error:
        raise UsageError(str(error)) from error
    print(render(whole))
    if options.out is not None:
        try:
            print("\n".join(write_report(whole, options.out)))
        except OSError as error:
            raise UsageError(f"--out {options.out}: the report cannot be written there: {error}") from error
    status = exit_code(0, whole)
    if status == ExitCode.PASS and options.whole and not whole.whole:
        raise UsageError(f"these sessions are no whole run: not run: {'; '.join(whole.left_out()) or 'any test'}")
    return status


def _read(path: Path) -> tuple[str, Session, SessionDocument]:
    try:
        with path.open("rb") as handle:
            text = handle.read(MOST_BYTES + 1)
        session, document = decode(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except SessionError as error:
        raise UsageError(f"{path}: {error}") from error
    return str(path), session, document


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    command = commands.add_parser("merge", help="join the shards of a run", description=merge.__doc__)
    command.set_defaults(function=merge)
    command.add_argument(
        "sessions", type=Path, nargs="+", metavar="FILE", help="the parity-session.json of each shard, in any order"
    )
    command.add_argument("--out", type=Path, help="also write the joint report to this folder")
    command.add_argument(
        "--whole", action="store_true", help="end with 2 where the shards together left out any part of the suite"
    )
