"""What a run amounts to: its exit code and its last line. Pure."""

from __future__ import annotations

from parity.harness.oracle.verdict import ExitCode, Verdict
from parity.harness.report.session import Session

#: Statuses of pytest that say "every test was run": all passed, some failed.
TESTS_RAN = (0, 1)


#: Unknown fields that the last line names.
MOST_NAMED = 12


def exit_code(pytest_status: int, seen: Session | None) -> int:
    """0 pass, 1 difference, 2 configuration or infrastructure, 3 performance rule broken.

    Args:
        pytest_status: what pytest itself ends with.
        seen: what the suite has recorded; None where no test of it ran.
    """
    if pytest_status not in TESTS_RAN:
        return ExitCode.INFRASTRUCTURE
    if seen is None:
        return ExitCode.PASS if pytest_status == 0 else ExitCode.INFRASTRUCTURE
    if seen.differs():
        return ExitCode.DIFFERENCE
    if seen.hindered() or seen.vacuous():
        return ExitCode.INFRASTRUCTURE
    if seen.failed("performance"):
        return ExitCode.PERFORMANCE
    return ExitCode.PASS if pytest_status == 0 else ExitCode.INFRASTRUCTURE


def headline(seen: Session) -> str:
    """The last line of the report: the first of what failed, then the rest of it with counts."""
    faults = _faults(seen)
    if faults:
        word, first = faults[0]
        return "; ".join([f"{word}: {first}", *(f"{name}: {text}" for name, text in faults[1:])]) + _rest(seen)
    total = seen.total
    compared = f"{_count(total.cases, 'case')}, {_count(total.trades, 'trade')}"
    if seen.adrs:
        compared += f", {_count(seen.adrs, 'ADR')}"
    left_out = seen.left_out()
    if left_out:
        result = f"no difference in {compared}" if total.cases or seen.adrs else "every test passed, no case compared"
        return f"PARTIAL: {result}; not run: {'; '.join(left_out)}" + _rest(seen)
    a, b = seen.engines
    return f"EQUAL: {compared}, no difference between {a} and {b} that no ADR explains" + _rest(seen)


def _faults(seen: Session) -> list[tuple[str, str]]:
    """(word, counts) of everything that keeps a run from passing, in the order of the exit codes."""
    total, out = seen.total, []
    if seen.differs():
        parts = []
        if count := total.verdicts[Verdict.UNEXPLAINED]:
            parts.append(_count(count, "unexplained case"))
        if failed := seen.failed("difference"):
            parts.append(f"{_count(len(failed), 'test')} found a difference")
        out.append(("NOT EQUAL", ", ".join(parts)))
    if seen.hindered():
        parts = []
        if count := total.verdicts[Verdict.INCOMPARABLE]:
            parts.append(_count(count, "incomparable case"))
        if failed := seen.failed("infrastructure"):
            parts.append(f"{_count(len(failed), 'test')} failed for another reason than a difference")
        out.append(("NOT JUDGED", ", ".join(parts)))
    vacuous = seen.vacuous()
    if vacuous and not out:
        out.append(("VACUOUS" if seen.judged() else "NOTHING COMPARED", vacuous + _partly(seen)))
    if failed := seen.failed("performance"):
        broken = sum(not row.holds for row in seen.rules)
        text = f"{_count(len(failed), 'test')}, {broken} of {_count(len(seen.rules), 'figure')} over the limit"
        if not out and total.cases:
            text += f"; no difference in {_count(total.cases, 'case')}" + _partly(seen)
        out.append(("PERFORMANCE RULE BROKEN", text))
    return out


def _partly(seen: Session) -> str:
    left_out = seen.left_out()
    return f"; partial, not run: {'; '.join(left_out)}" if left_out else ""


def recorded(seen: Session) -> str:
    """How many recorded outcomes both engines gave; empty where none was compared."""
    tally, (a, b) = seen.recorded, seen.engines
    if not tally.cases:
        return ""
    equal = tally.verdicts[Verdict.MATCH]
    count = _count(equal, "case") if equal == tally.cases else f"{equal:,} of {_count(tally.cases, 'case')}"
    return f"recorded: {count} equal in {a} and {b}"


def _rest(seen: Session) -> str:
    """What the last line says besides the result."""
    return "".join(f"; {text}" for text in (recorded(seen),) if text) + _unknown(seen)


def _unknown(seen: Session) -> str:
    unknown = sorted(seen.total.unknown)
    more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
    return f"; not known: {', '.join(unknown[:MOST_NAMED])}{more}" if unknown else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
