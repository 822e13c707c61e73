"""No test passes without having looked: none returns before its first assertion."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    yield from (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test_"))


def _checks(statement: ast.stmt) -> bool:
    """Whether a statement asserts, or expects an exception."""
    return any(
        isinstance(node, ast.Assert | ast.Raise)
        or (isinstance(node, ast.Attribute) and node.attr in ("raises", "fail"))
        for node in ast.walk(statement)
    )


def _early(block: list[ast.stmt], checked: bool = False) -> Iterator[int]:
    """Lines of returns that no check precedes."""
    for statement in block:
        if isinstance(statement, ast.Return) and not checked:
            yield statement.lineno
        if not isinstance(statement, Function | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _early(getattr(statement, name, []), checked)
            for handler in getattr(statement, "handlers", []):
                yield from _early(handler.body, checked)
            checked = checked or _checks(statement)


def returns_without_a_check(path: Path) -> list[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [line for test in _tests(tree) for line in _early(test.body)]


def test_no_test_returns_before_it_has_checked_anything() -> None:
    files = [*(REPOSITORY / "parity").glob("test_*.py"), *(REPOSITORY / "tests").rglob("test_*.py")]
    assert len(files) > 30
    assert {str(path): lines for path in files if (lines := returns_without_a_check(path))} == {}


def test_a_test_that_returns_instead_of_checking_is_found(tmp_path: Path) -> None:
    path = tmp_path / "test_it.py"
    path.write_text(
        "def test_a(x):\n    if x == 0:\n        return\n    assert x\n\n"
        "def test_b(x):\n    try:\n        x()\n    except OSError:\n        return\n\n"
        "def test_c(x):\n    assert x\n    if x:\n        return\n",
        encoding="utf-8",
    )
    assert returns_without_a_check(path) == [3, 10]
