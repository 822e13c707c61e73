"""The four verdicts on a case, and what a run of many cases amounts to (spec 10.2, 10.3). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from parity.harness.model.plain import Answer, is_refusal
from parity.harness.oracle.compare import Difference


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
    """One judged case. ``switches`` account for the differences of an explained one."""

    case_id: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    switches: frozenset[str] = frozenset()
    reason: str = ""
    trades: int = 0
    bars: int = 0
    #: Both engines refused the case.
    refused: bool = False
    #: Fields that an engine declares unknown: neither equal nor different.
    unknown: frozenset[str] = frozenset()
    #: Names of engines that gave no trace though one was asked for: the case is compared by its results only.
    untraced: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.case_id}: {self.verdict}" + (f" ({self.reason})" if self.reason else "")]
        lines += [f"  {difference}" for difference in self.differences[:12]]
        if len(self.differences) > 12:
            lines.append(f"  ... and {len(self.differences) - 12} more")
        return "\n".join(lines)


def judge(case_id: str, a: Answer, b: Answer, differences: list[Difference], *, parity: bool) -> CaseReport:
    """The verdict before anything is explained: with ``parity`` every difference is unexplained."""
    refused = all(x.outcome is not None and is_refusal(x.outcome) for x in (a, b))
    common = {"case_id": case_id, "trades": a.trades, "bars": a.bars, "refused": refused}
    if a.failure or b.failure:
        reason = "; ".join(f"{name}: {x.failure}" for name, x in (("A", a), ("B", b)) if x.failure)
        return CaseReport(verdict=Verdict.INCOMPARABLE, reason=reason, **common)  # type: ignore[arg-type]
    if not differences:
        return CaseReport(verdict=Verdict.MATCH, **common)  # type: ignore[arg-type]
    reason = "all switches at v1" if parity else "not explained yet"
    return CaseReport(
        verdict=Verdict.UNEXPLAINED,
        differences=tuple(differences),
        reason=reason,
        **common,  # type: ignore[arg-type]
    )


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
