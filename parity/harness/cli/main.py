"""``omega-parity``: the command line."""

from __future__ import annotations

import argparse
import sys
import traceback

from parity.harness.adr import record as adr
from parity.harness.cli import campaigns, cases, decisions, measurements, sessions
from parity.harness.cli.common import UsageError
from parity.harness.engines import EnginesError
from parity.harness.oracle.verdict import ExitCode

EPILOG = """examples:
  omega-parity replay var/failed-cases/sweep-0-100-1.json     both engines on a saved case
  omega-parity replay CASE --v2 exit_gap,exit_slippage         the same with two switches at v2
  omega-parity explain CASE                                    which switches account for V2's own results
  omega-parity plot CASE -o case.svg                           bars, levels, entries and exits of both
  omega-parity adr new --case CASE --switch exit_gap           drafts an ADR with its evidence
  omega-parity sweep --seconds 60 --seed 7                     searches for differences
  omega-parity merge shard-*/parity-session.json               joins the shards of a run and gates the whole

exit codes: 0 equal or explained, 1 a difference, 2 whatever keeps a command from judging (a case, file, option or
engine that cannot be used, an error of omega-parity itself, an interrupt), 3 a slowdown"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
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
    except KeyboardInterrupt:
        print("omega-parity: interrupted", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    except Exception:
        traceback.print_exc()
        print("omega-parity: this is an error of omega-parity itself, nothing was judged", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE
    return status


if __name__ == "__main__":
    sys.exit(main())
