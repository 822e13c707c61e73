"""The commands that the documents name: where they stand, and what stands for their placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
#: Programs whose commands are run. A name alone is no command.
PROGRAMS = ("make", "pytest", "omega-parity", "bt", "python", "cargo")
COMMAND = re.compile(rf"(?:[A-Z][A-Z0-9_]*=\S+ )*(?:\.venv/bin/)?(?:{'|'.join(PROGRAMS)}) \S.*")
PAGES = ("README.md", "ARCHITECTURE.md", "parity/README.md", "benchmarks/README.md", "legacy_v1/*.md", "docs/*.md",
         "ADRs/*.md")  # fmt: skip


def in_page(text: str) -> Iterator[str]:
    """The commands of a page: lines of ``sh`` blocks, lines after ``$`` in ``console`` blocks, and code in the text."""
    fence: str | None = None
    prose: list[str] = []
    for line in [*text.splitlines(), ""]:
        marker = line.startswith("```")
        if fence is None and (marker or not line or line.startswith("|")):
            yield from _in_prose("\n".join([*prose, line] if line.startswith("|") else prose))
            prose = []
        if marker:
            fence = line[3:].strip() if fence is None else None
        elif fence == "sh":
            yield from _commands([line.partition("#")[0]])
        elif fence == "console" and line.startswith("$ "):
            yield from _commands([line[2:]])
        elif fence is None and not line.startswith("|"):
            prose.append(line)


def _in_prose(text: str) -> Iterator[str]:
    """Commands between backticks, which may go over the end of a line."""
    yield from _commands([" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)])


def in_help(text: str) -> Iterator[str]:
    """The commands of an epilog: its indented lines, up to the words that explain them."""
    for line in text.splitlines():
        if line.startswith("  "):
            yield from _commands([re.split(r"\s{2,}", line.strip())[0]])


def _commands(candidates: list[str]) -> Iterator[str]:
    yield from (found for found in map(str.strip, candidates) if COMMAND.fullmatch(found))


def pages(root: Path = REPOSITORY) -> dict[str, list[str]]:
    """The commands of every page, by the page's path."""
    found = {}
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            found[path.relative_to(root).as_posix()] = list(in_page(path.read_text(encoding="utf-8")))
    return found
