"""The four verdicts on a case, and what a run of many cases amounts to (parity/README.md explains both). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from parity.harness.model.outcome import Answer, Outcome, Refusal
from parity.harness.oracle.compare import Difference, Names


class Verdict(StrEnum):
    """What one case says."""

    MATCH = "match"
    EXPLAINED = "explained"
    UNEXPLAINED = "unexplained"
    INCOMPARABLE = "incomparable"


class ExitCode:
    """What the suite tells its caller."""

    PASS = 0
    DIFFERENCE = 1
    INFRASTRUCTURE = 2
    PERFORMANCE = 3


@dataclass(frozen=True, kw_only=True)
class CaseReport:
    """One judged case. ``switches`` account for the differences of an explained one.

    ``unknown`` names the fields that an engine does not know and that were not compared.
    """

    case_id: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    switches: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    reason: str = ""
    trades: int = 0
    bars: int = 0
    #: Both engines refused the case.
    refused: bool = False
    #: Names of engines that gave no trace though one was asked for: the case is compared by its results only.
    untraced: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.case_id}: {self.verdict}" + (f" ({self.reason})" if self.reason else "")]
        lines += [f"  {difference}" for difference in self.differences[:12]]
        if len(self.differences) > 12:
            lines.append(f"  ... and {len(self.differences) - 12} more")
        return "\n".join(lines)


def judge(
    case_id: str, a: Answer, b: Answer, differences: list[Difference], *, parity: bool, names: Names = ("A", "B")
) -> CaseReport:
    """The verdict before anything is explained: with ``parity`` every difference is unexplained."""
    refused = isinstance(a.outcome, Refusal) and isinstance(b.outcome, Refusal)
    report = CaseReport(
        case_id=case_id,
        verdict=Verdict.MATCH,
        trades=a.trades,
        bars=a.bars or 0,
        unknown=unknown(a, b),
        refused=refused,
    )
    if a.failure or b.failure:
        reason = "; ".join(f"{name}: {x.failure}" for name, x in zip(names, (a, b), strict=True) if x.failure)
        return replace(report, verdict=Verdict.INCOMPARABLE, reason=reason)
    if not differences:
        return report
    reason = "all switches at v1" if parity else "not explained yet"
    return replace(report, verdict=Verdict.UNEXPLAINED, differences=tuple(differences), reason=reason)


def unknown(a: Answer, b: Answer) -> frozenset[str]:
    """What was not compared because an engine declares that it does not know it; nothing where one refused."""
    if not isinstance(a.outcome, Outcome) or not isinstance(b.outcome, Outcome):
        return frozenset()
    return frozenset((*a.outcome.unknown, *b.outcome.unknown))


class DivergenceError(AssertionError):
    """A difference between the engines: the one failure of the suite that ends with exit code 1."""


class IncomparableError(Exception):
    """An engine crashed, hung, contradicted itself or answered nonsense, so that there is nothing to compare."""


def require_match(report: CaseReport, text: str) -> None:
    """Raises unless the engines are equal on a case; ``text`` is for people.

    Raises:
        DivergenceError: the engines differ.
        IncomparableError: one of them gave no answer that can be compared.
    """
    if report.verdict is Verdict.UNEXPLAINED:
        raise DivergenceError(text)
    if report.verdict is Verdict.INCOMPARABLE:
        raise IncomparableError(text)
