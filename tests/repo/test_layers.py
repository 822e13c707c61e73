"""Who may depend on whom. Each check asserts that it examined something."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LAYERS = {
    "omega-contract": set(),
    "omega-market": {"omega-contract"},
    "omega-engine": {"omega-contract"},
    "omega-backtest": {"omega-contract", "omega-market", "omega-engine"},
    "omega-ffi": {"omega-contract", "omega-backtest"},
}


@pytest.fixture(scope="module")
def metadata() -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline"]
    out = subprocess.run(
        [*command, "--manifest-path", str(REPOSITORY / "rust_core" / "Cargo.toml")],
        capture_output=True,
        text=True,
    )
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def test_crates_depend_only_downwards_and_only_ffi_names_pyo3(metadata: dict) -> None:
    members = {p["name"]: p for p in metadata["packages"] if p["name"].startswith("omega-")}
    assert members.keys() == LAYERS.keys()
    for name, package in members.items():
        names = {d["name"] for d in package["dependencies"]}
        assert {n for n in names if n.startswith("omega-")} == LAYERS[name], name
        assert ("pyo3" in names) == (name == "omega-ffi"), name


def test_v2_has_no_arrow_ipc_among_its_dependencies(metadata: dict) -> None:
    names = {p["name"] for p in metadata["packages"]}
    assert "parquet" in names
    resolved = {node["id"].split("#")[-1].split("@")[0] for node in metadata["resolve"]["nodes"]}
    assert "parquet" in resolved
    assert not {n for n in resolved if n.startswith("arrow")}


def test_the_engine_reads_no_files_and_no_clock() -> None:
    sources = list((REPOSITORY / "rust_core" / "crates" / "engine" / "src").rglob("*.rs"))
    assert len(sources) > 10
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for banned in ("std::fs", "std::io", "std::env", "std::time", "SystemTime", "Instant"):
            assert banned not in text, f"{path.name} names {banned}"


def _imports(folder: Path) -> Iterator[tuple[Path, str]]:
    files = [p for p in folder.rglob("*.py") if "__pycache__" not in p.parts]
    assert files, f"no Python file in {folder}"
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield path, node.module


def _root(module: str) -> str:
    return module.split(".")[0]


def test_bt_imports_neither_the_harness_nor_v1() -> None:
    seen = list(_imports(REPOSITORY / "python" / "bt"))
    assert len(seen) > 10
    assert not [
        (p, m) for p, m in seen if _root(m) in {"parity", "legacy_v1", "backtest_engine", "omega_rust", "tests"}
    ]


def test_v1_imports_nothing_of_ours() -> None:
    seen = list(_imports(REPOSITORY / "legacy_v1" / "src"))
    assert len(seen) > 20
    assert not [(p, m) for p, m in seen if _root(m) in {"bt", "parity", "tests", "tools"}]


def test_only_the_engine_adapters_touch_bt_or_start_v1() -> None:
    seen = list(_imports(REPOSITORY / "parity" / "harness"))
    adapters = REPOSITORY / "parity" / "harness" / "engines"
    offenders = [
        (p, m) for p, m in seen if _root(m) in {"bt", "omega_rust", "backtest_engine"} and adapters not in p.parents
    ]
    assert not offenders
    assert any(_root(m) == "bt" for _, m in seen)


def _pure_modules() -> list[Path]:
    """Modules whose docstring says `Pure`."""
    out = []
    for path in sorted((REPOSITORY / "parity" / "harness").rglob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if re.search(r"\bPure\b", said):
            out.append(path)
    return out


#: What a pure module may not import: engines, test tools, clocks, processes.
IMPURE = re.compile(
    r"parity\.harness\.(engines(?!\.clocks)|run|cli)|pytest|hypothesis|(time|subprocess|socket|threading|random|bt)$"
)


def impurities(path: Path) -> set[str]:
    """Modules that a pure module may not import and does; imports under TYPE_CHECKING are types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in typing_only]
    modules = {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module}
    modules |= {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return {m for m in modules if IMPURE.match(m)}


def test_what_says_pure_at_its_top_imports_no_engine_no_test_tool_no_clock() -> None:
    pure = _pure_modules()
    assert len(pure) >= 15
    assert {p.name for p in pure} >= {"compare.py", "verdict.py", "outcome.py", "fingerprint.py", "trace_diff.py"}
    assert {str(p): bad for p in pure if (bad := impurities(p))} == {}


def test_an_impure_import_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("import time\nfrom parity.harness.engines import V2Engine\n", encoding="utf-8")
    assert impurities(path) == {"time", "parity.harness.engines"}


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "python"}
    )


def test_the_rooms_of_the_harness_import_only_what_lies_below_them() -> None:
    done = _lint_imports(REPOSITORY)
    assert done.returncode == 0, done.stdout
    found = re.search(r"Analyzed (\d+) files, (\d+) dependencies", done.stdout)
    assert found
    assert int(found[1]) > 100
    assert int(found[2]) > 500
    assert "Contracts: 4 kept, 0 broken." in done.stdout


def test_an_import_from_a_room_above_is_found(tmp_path: Path) -> None:
    for name in ("parity", "python/bt"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "cases", "*.so")
        )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    victim = tmp_path / "parity" / "harness" / "model" / "bars.py"
    victim.write_text(victim.read_text(encoding="utf-8") + "import parity.harness.oracle.verdict\n", encoding="utf-8")
    done = _lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "parity.harness.model.bars -> parity.harness.oracle.verdict" in done.stdout


def test_nothing_imports_the_tests() -> None:
    for folder in ("python", "parity", "legacy_v1/src", "tools"):
        assert not [(p, m) for p, m in _imports(REPOSITORY / folder) if _root(m) == "tests"]


def test_no_tracked_file_names_a_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True).stdout
    paths = [REPOSITORY / p for p in listed.split("\0") if p and not p.endswith((".parquet", ".arrow", ".lock"))]
    paths = [p for p in paths if p.is_file()]
    if not paths:
        paths = [p for p in REPOSITORY.rglob("*.py") if ".venv" not in p.parts and "target" not in p.parts]
    assert len(paths) > 50
    homes = re.compile(r"(^|[^A-Za-z0-9_.])/(root|home/[a-z]|work)/")
    assert not [p for p in paths if homes.search(p.read_text(encoding="utf-8", errors="ignore"))]


def test_requirements_pin_hashes_and_name_no_address() -> None:
    text = (REPOSITORY / "requirements" / "dev.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-zA-Z0-9_.-]+==", text, re.M)
    assert len(pins) > 20
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
