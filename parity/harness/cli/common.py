"""What every verb needs: cases, engines and switches as the user names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parity.harness.engines import SWITCHES
from parity.harness.model.case import Case
from parity.harness.model.outcome import Outcome
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.fingerprint import fingerprint
from parity.harness.oracle.verdict import ExitCode, Verdict, judge
from parity.harness.run.differential import Examined, Pair
from parity.harness.run.scratch import scratch


class UsageError(Exception):
    """What the user gave cannot be used; the message says why."""


def load_case(path: Path) -> Case:
    try:
        return Case.load(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is not a case file: {error}") from error


@contextmanager
def open_pair(engines: Path | None) -> Iterator[Pair]:
    with scratch() as folder:
        pair = Pair.of(engines, folder, Tolerances.load())
        try:
            yield pair
        finally:
            pair.close()


def parse_switches(names: str) -> dict[str, str]:
    chosen = SWITCHES if names == "all" else tuple(n for n in names.split(",") if n)
    unknown = set(chosen) - set(SWITCHES)
    if unknown:
        raise UsageError(f"unknown switches: {', '.join(sorted(unknown))}; known: {', '.join(SWITCHES)}")
    return dict.fromkeys(chosen, "v2")


def examine(pair: Pair, case: Case, switches: dict[str, str]) -> Examined:
    """At parity with every check; with switches at ``v2`` plainly."""
    if not switches:
        return pair.examine(case)
    prepared = pair.prepare(case)
    a, b = pair.reference(prepared, events=True), pair.candidate(prepared, switches, events=True)
    found = pair.differences(a, b, parity=False)
    report = judge(case.id, a, b, found, parity=False)
    return Examined(case=case, a=a, b=b, report=report, fingerprint=fingerprint(a, b, found))


def both_outcomes(examined: Examined) -> tuple[Outcome, Outcome]:
    a, b = examined.a.outcome, examined.b.outcome
    if a is None or b is None:
        raise UsageError(f"{examined.report.case_id}: {examined.report.reason}")
    return a, b


def status_of(examined: Examined) -> int:
    return ExitCode.PASS if examined.report.verdict is Verdict.MATCH else ExitCode.DIFFERENCE
