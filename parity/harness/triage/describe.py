"""A difference in words, on one screen: where the engines diverge, why, and what else differs."""

from __future__ import annotations

from parity.harness.model.events import Signal
from parity.harness.oracle.grouping import grouped
from parity.harness.oracle.trace_diff import first_divergence, traces
from parity.harness.run.differential import Examined, Pair
from parity.harness.triage.narrate import narrate, without_trace


def describe(pair: Pair, examined: Examined) -> str:
    """Findings, then the first bar at which the engines diverge."""
    report = examined.report
    head = f"{report.case_id}: {report.verdict}" + (f" ({report.reason})" if report.reason else "")
    lines = [head]
    lines += [f"- {finding}" for finding in grouped(report.differences)]
    a, b = examined.a.outcome, examined.b.outcome
    if examined.fingerprint is None and a is not None:
        lines.append(f"no difference: {report.trades} trades, {_traced(pair, examined)}")
    elif a is not None and b is not None:
        lines.append(narrate(examined.case, a, b, names=pair.names))
        lines.append(_indicators(pair, examined))
    return "\n".join(line for line in lines if line)


def _traced(pair: Pair, examined: Examined) -> str:
    both = traces(examined.a.outcome, examined.b.outcome)
    if both is not None:
        return f"{len(both[0])} events"
    return without_trace(examined.a.outcome, examined.b.outcome, pair.names) or "no events"


def _indicators(pair: Pair, examined: Examined) -> str:
    """The reference's indicators where a signal parts the engines, if it can tell them, beside the thresholds."""
    both = traces(examined.a.outcome, examined.b.outcome)
    divergence = None if both is None else first_divergence(*both)
    if (
        divergence is None
        or not pair.a.capabilities.indicators
        or not any(isinstance(event, Signal) for event in (divergence.a, divergence.b))
    ):
        return ""
    values = pair.a.indicators(examined.case, divergence.timestamp_ns)
    if not values:
        return ""
    parameters = examined.case.config["strategy"].get("parameters", {})
    shown = [f"{name} {'-' if value is None else format(value, '.10g')}" for name, value in values.items()]
    bounds = [f"{key} {parameters[key]}" for key in ("z_score_long", "z_score_short") if key in parameters]
    return f"{pair.a.name}'s indicators at that close: {', '.join(shown)}; thresholds: {', '.join(bounds)}"
