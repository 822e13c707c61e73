"""Files stay under 400 lines and functions under 60, or say why not.

A longer file says ``Long because`` in a comment or docstring among its first 20 lines, a longer function in its
docstring or doc comment, or inside it. Lines are counted as they stand, a function's from ``def`` or ``fn`` to its end.
Left out: V1's sources, which are frozen, and text that is no code (documents, data, `parity/faults.toml`).
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_OF_FILE, MOST_OF_FUNCTION = 400, 60
REASON = "Long because"
#: Lines at the top of a file among which its reason stands.
TOP = 20
#: rustfmt closes a function with a brace at the column of its first word.
FUNCTION = re.compile(r'^( *)(?:pub(?:\([^)]*\))? )?(?:(?:const|async|unsafe|extern "C") )*fn (\w+)')


class Function(NamedTuple):
    name: str
    first: int
    length: int
    reason: bool


def python_functions(text: str) -> Iterator[Function]:
    """Functions and methods, nested ones included."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            own = lines[node.lineno - 1 : node.end_lineno]
            yield Function(node.name, node.lineno, len(own), REASON in "\n".join(own))


def _closes(line: str, indent: str) -> bool:
    """Whether a line ends a body that starts at this column, or a signature without one."""
    return line == indent + "}" or (line.startswith(indent + ")") and line.endswith(";"))


def rust_functions(text: str) -> Iterator[Function]:
    """Functions with a body, of code as rustfmt lays it out."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        head = FUNCTION.match(line)
        if head is None:
            continue
        end = i
        while not (_closes(lines[end], head[1]) or (end == i and line.endswith(("}", ";")))):
            end += 1
        start = i
        while start and lines[start - 1].strip().startswith(("///", "#[")):
            start -= 1
        yield Function(head[2], i + 1, end - i + 1, REASON in "\n".join(lines[start : end + 1]))


def functions(path: Path, text: str) -> list[Function]:
    return list(python_functions(text) if path.suffix == ".py" else rust_functions(text))


def too_long(path: Path, text: str) -> list[str]:
    """``name: lines`` of the file and the functions that are too long and give no reason."""
    lines = text.splitlines()
    faults = []
    if len(lines) > MOST_OF_FILE and REASON not in "\n".join(lines[:TOP]):
        faults.append(f"{path}: {len(lines)} lines")
    faults += [
        f"{path}:{one.first}: {one.name} has {one.length} lines"
        for one in functions(path, text)
        if one.length > MOST_OF_FUNCTION and not one.reason
    ]
    return faults


def sources() -> dict[Path, str]:
    """Python and Rust files of this repository, without V1."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    wanted = (Path(name) for name in names if name.endswith((".py", ".rs")) and not name.startswith("legacy_v1/src/"))
    return {path: (REPOSITORY / path).read_text(encoding="utf-8") for path in wanted if (REPOSITORY / path).exists()}


def test_files_and_functions_are_short_or_say_why_not() -> None:
    found = sources()
    assert len(found) > 200
    assert {path.suffix for path in found} == {".py", ".rs"}
    counts = {
        suffix: sum(len(functions(p, t)) for p, t in found.items() if p.suffix == suffix) for suffix in (".py", ".rs")
    }
    assert counts[".py"] > 800
    assert counts[".rs"] > 400
    assert [fault for path, text in found.items() for fault in too_long(path, text)] == []


def python_of(lines: int, *, reason: str = "") -> str:
    return f'def long() -> int:\n    """Counts. {reason}"""\n' + "    x = 1\n" * (lines - 3) + "    return x\n"


def rust_of(lines: int, *, reason: str = "") -> str:
    body = "        x += 1;\n" * (lines - 2)
    return (
        f"impl A {{\n    /// Counts. {reason}\n    pub(super) fn long(\n"
        + body
        + "    }\n\n    fn one() {}\n\n    fn two(\n        a: A,\n    ) -> B;\n}\n"
    )


def test_a_long_function_is_reported_with_its_line() -> None:
    for path, make, line in ((Path("a.py"), python_of, 1), (Path("a.rs"), rust_of, 3)):
        assert too_long(path, make(MOST_OF_FUNCTION)) == []
        assert too_long(path, make(MOST_OF_FUNCTION + 1)) == [f"{path}:{line}: long has 61 lines"]
        assert too_long(path, make(MOST_OF_FUNCTION + 1, reason=f"{REASON} it is a table.")) == []


def test_a_long_file_is_reported_unless_its_top_says_why() -> None:
    for path, mark in ((Path("a.py"), "#"), (Path("a.rs"), "//")):
        long = f"{mark} x\n" * (MOST_OF_FILE + 1)
        assert too_long(path, f"{mark} x\n" * MOST_OF_FILE) == []
        assert too_long(path, long) == [f"{path}: 401 lines"]
        assert too_long(path, f"{mark} {REASON} it is one list.\n{long}") == []
        assert too_long(path, f"{mark} x\n" * TOP + f"{mark} {REASON} too late.\n{long}") == [f"{path}: 422 lines"]
