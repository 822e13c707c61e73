"""The report a person reads at the end of a run. Pure: a session in, text out."""

from __future__ import annotations

from collections import Counter

from parity.harness.model.printable import printable
from parity.harness.oracle.verdict import Verdict
from parity.harness.report.boundary_text import boundary
from parity.harness.report.conclusion import headline
from parity.harness.report.session import Session
from parity.harness.report.tally import Failure

#: Failures of one kind that are named; the others are counted.
MOST_FAILURES = 10
#: Lists of left-out work that are longer are cut.
MOST_REASONS = 20
TITLES = {
    "difference": "Differences",
    "infrastructure": "Failed for another reason than a difference",
    "performance": "Performance rules broken",
}


def render(seen: Session) -> str:
    """The whole report."""
    parts = [_market(seen), _cases(seen), _limits_of_comparison(seen), _coverage(seen), _tolerances(seen)]
    parts += [
        boundary(seen),
        _times(seen),
        _not_run(seen),
        *seen.findings,
        "\n".join(seen.remarks),
        _failures(seen),
        headline(seen),
    ]
    return printable("\n\n".join(part for part in parts if part), lines=True)


def _cases(seen: Session) -> str:
    if not seen.tallies:
        return ""
    a, b = seen.engines
    head = f"{'':22}{'cases':>7}{'refused':>9}{'bars':>10}{'trades':>8}" + "".join(f"{v.value:>14}" for v in Verdict)
    lines = [f"{a} against {b}, case by case (refused: by both engines, with the same code)", head]
    for name, tally in [*seen.tallies.items(), ("total", seen.total)]:
        counts = "".join(f"{tally.verdicts[v]:>14}" for v in Verdict)
        lines.append(f"{name:22}{tally.cases:>7}{tally.refused:>9}{tally.bars:>10}{tally.trades:>8}{counts}")
    lines += seen.total.reports[:5]
    if seen.adrs:
        lines.append(f"ADRs that ran: {seen.adrs}; each witness differs with its switch at v2 and is equal at v1")
    return "\n".join(lines)


def _limits_of_comparison(seen: Session) -> str:
    """What could not be compared, because an engine does not know it or has no trace."""
    total, lines = seen.total, []
    unknown = {field: count for field, count in total.unknown.items() if field != "events" or not total.untraced}
    if unknown:
        lines.append("Declared unknown by an engine, so neither equal nor different")
        lines += [f"  {field} in {count} cases" for field, count in sorted(unknown.items())]
    for engine, count in sorted(total.untraced.items()):
        lines.append(f"{engine} gave no trace in {count} cases: compared by results only")
    return "\n".join(lines)


def _market(seen: Session) -> str:
    if not seen.market_runs:
        return ""
    widths = [max(8, len(name) + 4) for name in seen.engines]
    heads = "".join(f"{name + ' s':>{width}}" for name, width in zip(seen.engines, widths, strict=True))
    lines = [f"Market: {seen.market}"]
    lines.append(f"{'config':24}{'bars':>7}{'trades':>8}{heads}{'speed-up':>10}  all switches at v1")
    for run in seen.market_runs:
        ratio = run.seconds_a / run.seconds_b if run.seconds_b else 0.0
        lines.append(
            f"{run.case_id:24}{run.bars:>7}{run.trades:>8}{run.seconds_a:>{widths[0]}.2f}{run.seconds_b:>{widths[1]}.3f}"
            f"{ratio:>9.0f}x  {run.verdict}"
        )
    trades = sum(run.trades for run in seen.market_runs)
    same = sum(run.verdict is Verdict.MATCH for run in seen.market_runs)
    lines.append(f"{len(seen.market_runs)} configs, {trades} trades, {same} without any difference at v1")
    counts = seen.switch_counts()
    if counts:
        shown = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        lines.append(f"configs that differ with a single switch at v2: {shown}")
    explained = [effects for effects in seen.switch_effects if effects.explained_by]
    if explained:
        lines.append("all switches at v2: attributed to switches (a minimal set that must go back to v1)")
        lines += [f"  {effects.case_id:24}{', '.join(effects.explained_by)}" for effects in explained]
    return "\n".join(lines)


def _tolerances(seen: Session) -> str:
    if seen.tolerances is None or not seen.tallies:
        return ""
    lines = ["Tolerances (largest relative distance measured; everything else is exact)"]
    for name, limit, used in seen.tolerances.report():
        note = "" if used else "   never used: removable"
        lines.append(f"{name:28} limit {limit:g}   used {used:.2e}{note}")
    return "\n".join(lines)


def _times(seen: Session) -> str:
    clocks, processes = seen.clocks, max(1, seen.processes)
    if not clocks.a + clocks.b:
        return ""
    a, b = seen.engines
    lines = [f"Time: {clocks.a:.1f} s in {a}, {clocks.b:.1f} s in {b}, {clocks.harness:.1f} s in the harness"]
    for name, pace in seen.paces.items():
        if pace.cases and pace.wall:
            each = [1000 * x / pace.cases for x in (pace.a, pace.b, pace.harness)]
            rate = pace.cases / pace.wall * processes
            lines.append(
                f"  {name:22} {rate:>5.0f} cases/s on {processes} process{'es' if processes > 1 else ''}; "
                f"each {each[0]:.1f} ms in {a}, {each[1]:.1f} ms in {b}, {each[2]:.1f} ms in the harness"
            )
    return "\n".join(lines)


def _coverage(seen: Session) -> str:
    return "\n".join(seen.coverage.lines()) if seen.coverage.hits or seen.coverage.untraced else ""


def _not_run(seen: Session) -> str:
    """What was left out, by reason."""
    reasons = Counter(seen.skipped.values())
    lines = [f"  {reason} ({count} {'tests' if count > 1 else 'test'})" for reason, count in sorted(reasons.items())]
    lines = [f"  {reason}" for reason in seen.left_out()] + lines
    if len(lines) > MOST_REASONS:
        lines[MOST_REASONS:] = [f"  ... and {len(lines) - MOST_REASONS} more reasons"]
    return "\n".join(["Not run", *lines]) if lines else ""


def _failures(seen: Session) -> str:
    lines = []
    for kind, title in TITLES.items():
        failed = seen.failed(kind)
        if failed:
            lines.append(f"{title}: {len(failed)}")
            lines += [f"  {_brief(failure)}" for failure in failed[:MOST_FAILURES]]
            if len(failed) > MOST_FAILURES:
                lines.append(f"  ... and {len(failed) - MOST_FAILURES} more")
    return "\n".join(lines)


def _brief(failure: Failure) -> str:
    first = failure.message.strip().partition("\n")[0]
    return f"{failure.test}: {first[:200]}" if first else failure.test
