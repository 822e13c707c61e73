"""Compares two backtest engines, V1 and V2 by default: one case, many cases, decisions, measurements.

A case is one input of a backtest as a file (parity/cases, var/failed-cases). At parity every switch of V2 is at v1, and
V2 must equal V1."""

from __future__ import annotations

import argparse
import errno
import sys
import traceback
from typing import Any

from parity.harness.adr import record as adr
from parity.harness.cli import campaigns, cases, decisions, measurements, sessions
from parity.harness.cli.common import UsageError
from parity.harness.engines import EnginesError
from parity.harness.oracle.verdict import ExitCode

EPILOG = """examples:
  omega-parity replay var/failed-cases/sweep-0-0-1.json        both engines on a saved case
  omega-parity locate CASE                                     where the engines diverge, and why
  omega-parity explain CASE                                    which switches explain V2's own results
  omega-parity plot CASE -o case.svg                           bars, levels, entries and exits of both
  omega-parity adr new --case CASE --switch SWITCH             drafts the ADR of a switch that has none
  omega-parity sweep --seconds 60 --seed 7                     draws cases for a minute, looking for differences
  omega-parity merge --whole shard-*/parity-session.json       joins the shards of a run and gates the whole

exit codes:
  0  equal, or explained by switches that have an ADR
  1  a difference, or an ADR that no longer holds
  2  nothing was judged: a case, file, option or engine cannot be used, or omega-parity failed or was interrupted
  3  a slowdown (bench compare)

parity/README.md walks through a red run."""


#: What a folder or a file says that cannot be written.
NOT_WRITABLE = (
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EISDIR, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM,
    errno.EROFS,
)  # fmt: skip


class Verb(argparse.ArgumentParser):
    """Shows the usage of the verb, and not of the whole program, where an argument is one too many."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, but every verb accounts for its own arguments."""
        options, extra = super().parse_known_args(args, namespace)
        if extra:
            self.error(f"unrecognized arguments: {' '.join(extra)}")
        return options, extra


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Verb(
        prog="omega-parity", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for group in (cases, decisions, measurements, campaigns, sessions):
        group.add_to(commands)
    return top


def main(argv: list[str] | None = None) -> int:
    """Runs a command; its exit code. Whatever keeps it from judging ends with 2, errors of this program included."""
    options = parser().parse_args(argv)
    try:
        status: int = options.function(options)
    except (UsageError, EnginesError, adr.AdrError) as error:
        print(f"omega-parity: {error}", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            return _own_error()
        print(f"omega-parity: {error.filename}: {error.strerror}", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    except KeyboardInterrupt:
        print("omega-parity: interrupted", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    except Exception:
        return _own_error()
    return status


def _own_error() -> int:
    traceback.print_exc()
    print("omega-parity: this is an error of omega-parity itself, nothing was judged", file=sys.stderr)
    return ExitCode.INFRASTRUCTURE


if __name__ == "__main__":
    sys.exit(main())
