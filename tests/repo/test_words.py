"""The words of GLOSSARY.md are the ones in use: code, texts and documents hold none of those that they replace.

Listed are only words that are wrong wherever they occur. Left out: V1's sources, which are frozen, and CHANGELOG.md,
which is history.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SUFFIXES = (".py", ".rs", ".md", ".toml")
LEFT_OUT = ("legacy_v1/src/", "CHANGELOG.md", "tests/repo/test_words.py")
#: Pattern -> what to say instead. Parts of names count as words: `test_a_hunt_ends` holds `hunt`.
BANNED = {
    r"hunt(?:s|ed|ing|er)?": "search, sweep, campaign",
    r"stor(?:y|ies)": "trace, order life cycle",
    r"shrunk(?:en)?": "minimised",
    r"doors?": "boundary, adapter, decoder",
    r"engines part(?:ed)?": "the engines diverge",
    r"part(?:s|ed|ing)? ways": "diverge",
    r"ahead of": "before, prefetched",
    r"drawn ahead": "prefetched",
    r"(?:is|are|was|were) told(?! apart| from)": "is reported",
    r"cannot be told(?! apart| from)": "is not known",
}
WORDS = re.compile(rf"(?<![a-z])(?:{'|'.join(f'({word})' for word in BANNED)})(?![a-z])", re.IGNORECASE)


def tracked() -> list[Path]:
    """Files of this repository that people write and read."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [REPOSITORY / name for name in names if name.endswith(SUFFIXES) and not name.startswith(LEFT_OUT)]


def banned_in(files: Iterable[Path]) -> list[str]:
    """``file:line: word: say what instead`` for every banned word."""
    instead = list(BANNED.values())
    faults = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path.name
        for found in WORDS.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            faults.append(f"{name}:{line}: {found[0]}: say {instead[(found.lastindex or 1) - 1]}")
    return faults


def test_no_file_holds_a_word_that_the_glossary_replaces() -> None:
    files = [path for path in tracked() if path.exists()]
    assert len(files) > 200
    assert {path.suffix for path in files} == set(SUFFIXES)
    assert banned_in(files) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("# The engines part here.", "engines part"),
        ("def test_a_hunt_ends() -> None:", "hunt"),
        ('raise ValueError("Stories differ")', "Stories"),
        ("//! It was shrunk.", "shrunk"),
        ("the same doors", "doors"),
        ("they part ways", "part ways"),
        ("is ahead of it", "ahead of"),
        ("cases drawn ahead", "drawn ahead"),
        ("its kind is told", "is told"),
        ("it cannot be told whether", "cannot be told"),
    ],
)
def test_a_banned_word_is_reported_with_its_place(tmp_path: Path, line: str, word: str) -> None:
    path = tmp_path / "some.py"
    path.write_text(f'"""Fine."""\n\n{line}\n', encoding="utf-8")
    (fault,) = banned_in([path])
    assert fault.startswith(f"some.py:3: {word}: say ")


def test_words_that_only_resemble_a_banned_one_pass(tmp_path: Path) -> None:
    path = tmp_path / "some.md"
    path.write_text(
        "A history, a shunt, two engines, partly; outdoors; look-ahead; they are told apart.\n", encoding="utf-8"
    )
    assert banned_in([path]) == []
