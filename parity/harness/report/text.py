"""The report a person reads at the end of a run. Pure: text in, text out."""

from __future__ import annotations

from parity.harness.oracle.verdict import Verdict
from parity.harness.report.session import Session

#: What spec 01 asks of the migration.
STEPS = {
    1: "multi-call patterns gone",
    2: "Arrow IPC replaced by Parquet read in Rust",
    3: "PyO3 objects gone from the core",
    4: "one entry point",
}


def render(seen: Session) -> str:
    """The whole report."""
    parts = [_market(seen), _cases(seen), _coverage(seen), _tolerances(seen), _rules(seen), _times(seen)]
    parts += [*seen.findings, _bottom_line(seen)]
    return "\n\n".join(part for part in parts if part)


#: Columns of one engine in the table of the boundary, and their widths.
SIDE = (("calls", 9), ("bytes", 11), ("ms", 9), ("share", 9))


def _cases(seen: Session) -> str:
    if not seen.tallies:
        return ""
    head = f"{'':22}{'cases':>7}{'bars':>10}{'trades':>8}" + "".join(f"{v.value:>14}" for v in Verdict)
    lines = ["V1 against V2, case by case", head]
    for name, tally in [*seen.tallies.items(), ("total", seen.total)]:
        counts = "".join(f"{tally.verdicts[v]:>14}" for v in Verdict)
        lines.append(f"{name:22}{tally.cases:>7}{tally.bars:>10}{tally.trades:>8}{counts}")
    for report in seen.total.reports[:5]:
        lines.append(str(report))
    if seen.adrs:
        lines.append(f"{seen.adrs} ADRs ran: each witness differs with its switch at v2 and is equal at v1")
    return "\n".join(lines)


def _market(seen: Session) -> str:
    if not seen.market_runs:
        return ""
    lines = [f"Market: {seen.market}"]
    lines.append(f"{'config':24}{'bars':>7}{'trades':>8}{'V1 s':>8}{'V2 s':>8}{'speed-up':>10}  all switches at v1")
    for run in seen.market_runs:
        ratio = run.seconds_a / run.seconds_b if run.seconds_b else 0.0
        lines.append(
            f"{run.case_id:24}{run.bars:>7}{run.trades:>8}{run.seconds_a:>8.2f}{run.seconds_b:>8.3f}"
            f"{ratio:>9.0f}x  {run.verdict}"
        )
    trades = sum(run.trades for run in seen.market_runs)
    same = sum(run.verdict is Verdict.MATCH for run in seen.market_runs)
    lines.append(f"{len(seen.market_runs)} configs, {trades} trades, {same} without any difference at v1")
    counts = seen.switch_counts()
    if counts:
        shown = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        lines.append(f"configs that differ with a single switch at v2: {shown}")
    explained = [run for run in seen.market_runs if run.explained_by]
    if explained:
        lines.append("all switches at v2: what accounts for the difference (a minimal set that must go back to v1)")
        lines += [f"  {run.case_id:24}{', '.join(run.explained_by)}" for run in explained]
    return "\n".join(lines)


def _tolerances(seen: Session) -> str:
    if seen.tolerances is None or not seen.tallies:
        return ""
    lines = ["Tolerances (largest relative distance seen; everything else is exact)"]
    for name, limit, used in seen.tolerances.report():
        note = "" if used else "   never used: removable"
        lines.append(f"{name:28} limit {limit:g}   used {used:.2e}{note}")
    return "\n".join(lines)


def _rules(seen: Session) -> str:
    lines = []
    if seen.rules:
        lines.append("V1's boundary (spec 9.5; CPU time judged, wall time shown)")
        lines += [str(row) for row in seen.rules]
    if seen.steps:
        lines.append("The four migration steps")
        lines += [f"  {number}. {STEPS[number]}: {evidence}" for number, evidence in sorted(seen.steps.items())]
    if seen.before_after:
        lines += _before_after(seen)
    if seen.boundary_facts:
        lines.append("V2's boundary")
        lines += [f"  {fact}" for fact in seen.boundary_facts]
    return "\n".join(lines)


def _before_after(seen: Session) -> list[str]:
    """V1's calls, bytes and share are recorded ones; its time is that of a run without recording."""
    lines = ["The boundary before and after: calls, bytes, ms of the whole run and the share of them at the boundary"]
    heads = "".join(f"{f'V{n} {head}':>{width}}" for n in (1, 2) for head, width in SIDE)
    lines.append(f"  {'config':18}{'scenario':>9}{'bars':>7}{heads}{'speed-up':>10}")
    for row in sorted(seen.before_after, key=lambda row: (row.scenario, row.name)):
        sides = "".join(
            f"{side.calls:>9}{side.bytes:>11}{1000 * side.seconds:>9.1f}{side.share:>9.0%}" for side in (row.v1, row.v2)
        )
        lines.append(f"  {row.name:18}{row.scenario:>9}{row.bars:>7}{sides}{row.speed_up:>9.0f}x")
    return lines


def _times(seen: Session) -> str:
    clocks, processes = seen.clocks, max(1, seen.processes)
    if not clocks.a + clocks.b:
        return ""
    lines = [f"Time: {clocks.a:.1f} s in V1, {clocks.b:.1f} s in V2, {clocks.harness:.1f} s in the harness"]
    for name, pace in seen.paces.items():
        if pace.cases:
            each = [1000 * x / pace.cases for x in (pace.a, pace.b, pace.harness)]
            rate = pace.cases / pace.wall * processes
            lines.append(
                f"  {name:22} {rate:>5.0f} cases/s on {processes} process{'es' if processes > 1 else ''}; "
                f"each {each[0]:.1f} ms in V1, {each[1]:.1f} ms in V2, {each[2]:.1f} ms in the harness"
            )
    return "\n".join(lines)


def _coverage(seen: Session) -> str:
    return "\n".join(seen.coverage.lines()) if any(seen.coverage.hits.values()) else ""


def _bottom_line(seen: Session) -> str:
    vacuous = seen.vacuous()
    if vacuous:
        return f"VACUOUS: {vacuous}"
    total = seen.total
    bad = total.verdicts[Verdict.UNEXPLAINED] + total.verdicts[Verdict.INCOMPARABLE]
    if seen.failures or bad:
        unexplained, incomparable = (total.verdicts[v] for v in (Verdict.UNEXPLAINED, Verdict.INCOMPARABLE))
        counts = f"{unexplained} unexplained, {incomparable} incomparable, {len(seen.failures)} failed tests"
        return f"NOT EQUAL: {counts}"
    if not total.comparable:
        return "NOTHING COMPARED: no case ran on both engines"
    return f"EQUAL: {total.cases} cases, {total.trades} trades, no difference between V1 and V2 that no ADR explains"
