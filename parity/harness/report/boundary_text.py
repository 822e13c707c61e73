"""The part of the report about the boundaries: those of V1 and V2, whatever pair is compared. Pure."""

from __future__ import annotations

from parity.harness.report.session import Session

#: What the migration from V1 to V2 consists of.
STEPS = {
    1: "multi-call patterns gone",
    2: "Arrow IPC replaced by Parquet read in Rust",
    3: "PyO3 objects gone from the core",
    4: "one entry point",
}
#: Columns of one engine in the table of the boundary, and their widths.
SIDE = (("calls", 9), ("bytes", 11), ("ms", 9), ("share", 9))


def boundary(seen: Session) -> str:
    """Rules, migration steps and both boundaries; empty where nothing was measured."""
    lines = []
    if seen.rules:
        lines.append("V1's boundary (limits: parity/budgets.toml; CPU time judged, wall time shown)")
        lines += [str(row) for row in seen.rules]
    if seen.steps:
        lines.append("The four migration steps")
        lines += [f"  {number}. {STEPS[number]}: {evidence}" for number, evidence in sorted(seen.steps.items())]
    if seen.before_after:
        lines += _before_after(seen)
    if seen.boundary_facts:
        lines.append("What else was recorded at the boundaries")
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
