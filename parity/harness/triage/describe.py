"""A difference in words, on one screen: where the engines diverge, why, and what else differs."""

from __future__ import annotations

from parity.harness.model.events import Signal
from parity.harness.model.outcome import Answer, Outcome, Refusal
from parity.harness.oracle.grouping import grouped
from parity.harness.oracle.stops import stop_of
from parity.harness.oracle.trace_diff import first_divergence, traces
from parity.harness.run.differential import Examined, Pair
from parity.harness.triage.narrate import LONGEST_LINE, Side, Sides, context, headline, refusal_words, without_trace

#: Lines of differences that are shown; a case file that is kept holds all of them.
MOST_LINES = 8


def sides_of(pair: Pair, examined: Examined) -> Sides | None:
    """Both engines as a narration needs them; None where one of them has no answer."""

    def side(engine: int, answer: Answer) -> Side | None:
        if answer.outcome is None:
            return None
        adapter = (pair.a, pair.b)[engine]
        config = answer.extra.get("config")
        return Side(
            name=adapter.name, outcome=answer.outcome, gates=adapter.capabilities.gates,
            config=config if isinstance(config, dict) else None,
        )  # fmt: skip

    a, b = side(0, examined.a), side(1, examined.b)
    return None if a is None or b is None else (a, b)


def describe(pair: Pair, examined: Examined) -> str:
    """The first divergence with its cause, the differences of the results, then both traces and the bars there."""
    report = examined.report
    lines = [f"{report.case_id}: {report.verdict}" + (f" ({report.reason})" if report.reason else "")]
    sides = sides_of(pair, examined)
    if sides is None:
        return "\n".join(lines)
    if examined.fingerprint is None:
        if any(isinstance(side.outcome, Refusal) for side in sides):
            lines.append(f"no difference: {refusal_words(sides)}")
        else:
            lines.append(f"no difference: {report.trades} trades, {_traced(pair, examined)}")
        return "\n".join(lines)
    lines += headline(examined.case, sides, report.differences)
    lines.append(_indicators(pair, examined))
    lines += _differences(examined)
    lines += context(examined.case, sides)
    return "\n".join(line for line in lines if line)


def _differences(examined: Examined) -> list[str]:
    """What differs in the results, the earliest first, as far as it fits."""
    findings = [str(finding).splitlines() for finding in grouped(examined.report.differences)]
    lines = [f"{'  ' if i else '- '}{line.strip()}"[:LONGEST_LINE] for told in findings for i, line in enumerate(told)]
    if len(lines) <= MOST_LINES:
        return lines
    total = len(examined.report.differences)
    return [*lines[: MOST_LINES - 1], f"  ... {total} differences in all"]


def _traced(pair: Pair, examined: Examined) -> str:
    both = traces(examined.a.outcome, examined.b.outcome)
    if both is not None:
        return f"{len(both[0])} events"
    return without_trace(examined.a.outcome, examined.b.outcome, pair.names) or "no events"


def _indicators(pair: Pair, examined: Examined) -> str:
    """The reference's indicators where one engine lacks a signal, if it can tell them, beside the thresholds."""
    a, b = examined.a.outcome, examined.b.outcome
    both = traces(a, b)
    if both is None or not isinstance(a, Outcome) or not isinstance(b, Outcome):
        return ""
    divergence = first_divergence(*both)
    if (
        divergence is None
        or stop_of(a, b, divergence) is not None
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
