"""What every verb needs: cases, engines and switches as the user names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from parity.harness.engines import SWITCHES, EnginesError
from parity.harness.model.case import Case
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import ExitCode, Verdict
from parity.harness.run.differential import Examined, Pair
from parity.harness.run.scratch import scratch

STATUS = {
    Verdict.MATCH: ExitCode.PASS,
    Verdict.EXPLAINED: ExitCode.PASS,
    Verdict.UNEXPLAINED: ExitCode.DIFFERENCE,
    Verdict.INCOMPARABLE: ExitCode.INFRASTRUCTURE,
}


class UsageError(Exception):
    """What the user gave cannot be used; the message says why."""


def load_case(path: Path) -> Case:
    """The case of a file; UsageError when it is none."""
    try:
        return Case.load(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is not a case file: {str(error).removeprefix(f'{path}: ')}") from error


@contextmanager
def open_pair(engines: Path | None) -> Iterator[Pair]:
    """The engines under comparison.

    Raises:
        UsageError: tolerances, engines or the folder for scratch files cannot be used.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch())
        except OSError as error:
            raise UsageError(f"no scratch files can be written: {error.strerror}: {error.filename}") from error
        try:
            tolerances = Tolerances.load()
        except Exception as error:
            raise UsageError(f"tolerances.toml cannot be used: {error}") from error
        try:
            pair = Pair.of(engines, folder, tolerances)
        except EnginesError:
            raise
        except Exception as error:  # an engine's own module may raise anything
            raise UsageError(f"the engines cannot be used: {error}") from error
        stack.callback(pair.close)
        yield pair


def parse_switches(names: str) -> dict[str, str]:
    """The named switches at ``v2``, separated by commas; ``all`` names every one."""
    chosen = SWITCHES if names == "all" else tuple(n for n in names.split(",") if n)
    unknown = set(chosen) - set(SWITCHES)
    if unknown:
        raise UsageError(f"unknown switches: {', '.join(sorted(unknown))}; known: {', '.join(SWITCHES)}")
    return dict.fromkeys(chosen, "v2")


def examine(pair: Pair, case: Case, switches: dict[str, str]) -> Examined:
    """At parity with every check; with switches at ``v2`` plainly."""
    return pair.examine_at(case, switches) if switches else pair.examine(case)


def both_outcomes(examined: Examined) -> tuple[Outcome | Refusal, Outcome | Refusal]:
    """What both engines answered; UsageError where one gave no answer that can be compared."""
    a, b = examined.a.outcome, examined.b.outcome
    if a is None or b is None:
        raise UsageError(f"{examined.report.case_id}: {examined.report.reason}")
    return a, b


def status_of(examined: Examined) -> int:
    """The exit code of one judged case."""
    return STATUS[examined.report.verdict]
