"""Who may depend on whom. Each check asserts that it found something to look at."""

from __future__ import annotations

import ast
import json
import re
import subprocess
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


@pytest.mark.parametrize("name", ["compare", "verdict", "outcome", "explain", "locate", "render", "report"])
def test_pure_modules_know_no_engine_no_pytest_no_hypothesis_no_clock(name: str) -> None:
    path = REPOSITORY / "parity" / "harness" / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    modules |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    assert not {m for m in modules if m and re.match(r"parity\.harness\.engines|pytest|hypothesis|time$|bt$", m)}


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
