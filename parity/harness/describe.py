"""A difference in words: what differs, where the engines part and why, which switch accounts for it. Pure."""

from __future__ import annotations

from parity.harness.findings import grouped
from parity.harness.localise import localise
from parity.harness.runner import Examined, Pair


def describe(pair: Pair, examined: Examined) -> str:
    """Findings, then the first bar at which the engines part."""
    report = examined.report
    head = f"{report.case_id}: {report.verdict}" + (f" ({report.reason})" if report.reason else "")
    lines = [head]
    lines += [f"- {finding}" for finding in grouped(report.differences)]
    a, b = examined.a.outcome, examined.b.outcome
    if a is not None and b is not None:
        lines.append(localise(examined.case, a, b, names=(pair.a.name, pair.b.name)))
    return "\n".join(line for line in lines if line)
