"""Writes what a run leaves behind: the report, the session, and a picture of both boundaries."""

from __future__ import annotations

from pathlib import Path

from parity.harness.boundary.chart import plot_boundary
from parity.harness.report.session import Session
from parity.harness.report.text import render

REPORT, SESSION, PICTURE = "parity-report.txt", "parity-session.json", "parity-boundary.svg"


def write_report(seen: Session, folder: Path, session: str | None = None) -> list[str]:
    """Writes the report, and the ``session`` as JSON text where there is one; lines that say what lies where.

    Raises:
        OSError: something cannot be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT).write_text(render(seen) + "\n", encoding="utf-8", errors="replace")
    if session is not None:
        (folder / SESSION).write_text(session + "\n", encoding="utf-8")
    lines = []
    if seen.before_after:
        try:
            lines.append(f"(the boundary before and after: {plot_boundary(seen.before_after, folder / PICTURE)})")
        except ImportError:
            lines.append("(no plot of the boundary: matplotlib is not installed)")
    return [*lines, f"(also in {_shown(folder / REPORT)})"]


def _shown(path: Path) -> Path:
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
