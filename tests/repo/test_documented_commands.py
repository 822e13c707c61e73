"""Every command in the documents is run as typed, in a copy of the repository, and ends as documented.

What takes minutes stands in ``SLOW`` with its reason and is checked by its cheapest honest form.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import bt
import pytest
from bt.artefacts import write_artefacts
from harness.report.sessions import part
from harness.report.test_bench_history import facts
from repo.documented import REPOSITORY, in_help, in_page, pages

from parity.harness.adr.record import by_switch, load_all
from parity.harness.cli.main import EPILOG as PARITY_EPILOG
from parity.harness.cli.main import parser
from parity.harness.engines import SWITCHES
from parity.harness.report.document import encode

EXPECTED_AT_LEAST = {
    "README.md": 19, "parity/README.md": 27, "benchmarks/README.md": 4, "legacy_v1/README.md": 2,
    "docs/engine-protocol.md": 1, "docs/migrating-from-v1.md": 3, "ADRs/index.md": 3,
    "omega-parity --help": 7, "bt --help": 11,
}  # fmt: skip
IGNORED = shutil.ignore_patterns(".git", ".venv", "var", "target", "__pycache__", ".*_cache", "planted*")
WITNESS = "parity/cases/switch__exit_gap.json"
#: What the placeholders stand for.
PLACEHOLDERS = {
    "CASE": WITNESS, "SWITCH": "exit_gap", "RESULT": "result.json", "BEFORE": "before.json", "AFTER": "after.json",
}  # fmt: skip
#: What drafts an ADR is run in a copy of its own, in which the switch has none yet.
DRAFTS = "omega-parity adr new "
#: Documented exit codes other than 0.
EXIT_CODES = {"omega-parity replay CASE --v2 SWITCH": 1}


def dry(command: str, run: Callable[[str], tuple[int, str]]) -> None:
    """make accepts the verb and says what it would do."""
    status, out = run(re.sub(r"\bmake ", "make -n ", command, count=1))
    assert status == 0, out
    assert len(out.splitlines()) > 1, out


def collected(command: str, run: Callable[[str], tuple[int, str]]) -> None:
    """pytest accepts the options and finds tests."""
    status, out = run(f"{command} --collect-only -q")
    assert status == 0, out
    assert len([line for line in out.splitlines() if "::test_" in line]) > 2, out


def parsed(command: str, run: Callable[[str], tuple[int, str]]) -> None:
    """omega-parity knows the verb, its options and their values."""
    assert parser().parse_args(shlex.split(command)[1:]).function


def compiled(command: str, run: Callable[[str], tuple[int, str]]) -> None:
    """The script or module is there and compiles."""
    words = shlex.split(command)
    path = f"{words[2].replace('.', '/')}.py" if words[1] == "-m" else words[1]
    status, out = run(f"python -m py_compile {path}")
    assert status == 0, out


def crate_has_tests(command: str, run: Callable[[str], tuple[int, str]]) -> None:
    """The crate exists and has tests."""
    crate = REPOSITORY / "rust_core" / "crates" / command.rpartition(" omega-")[2]
    assert f'name = "omega-{crate.name}"' in (crate / "Cargo.toml").read_text(encoding="utf-8")
    assert any("#[test]" in path.read_text(encoding="utf-8") for path in crate.rglob("*.rs"))


Form = Callable[[str, Callable[[str], tuple[int, str]]], None]
MINUTES = "runs for minutes; CI runs it"
#: Command -> its cheapest honest form, and why it is not run as typed.
SLOW: dict[str, tuple[Form, str]] = {
    "make parity": (dry, MINUTES),
    "OMEGA_DATA_PARQUET_ROOT=/path/to/parquet make parity": (dry, MINUTES),
    "make test": (dry, MINUTES),
    "make lint": (dry, MINUTES),
    "make setup": (dry, "builds both engines"),
    "make selftest": (dry, "builds a copy of V2 and runs it with 62 faults"),
    "make bench": (dry, MINUTES),
    'make bench BENCH="--rounds 15 --sizes 1000000,2000000"': (dry, MINUTES),
    "pytest parity": (collected, MINUTES),
    "pytest parity --engines parity/examples/engines.toml": (collected, MINUTES),
    "OMEGA_PLANTED_FAULTS=stop-is-strict PYTHONPATH=var/planted/python:. "
    "pytest parity/test_generated.py --profile dev": (collected, "needs the copy of V2 that make selftest builds"),
    "python -m parity.harness.mutation.faults var/planted": (compiled, "builds a copy of V2; make selftest runs it"),
    "python tools/map_v1.py": (compiled, "runs V1 on many cases; tests/legacy_v1/test_map.py runs it"),
    "python tools/v1_speed.py": (compiled, "times V1 on every observed run"),
    "omega-parity adr measure": (parsed, "turns every switch on every market run"),
    "omega-parity adr measure --check": (parsed, "turns every switch on every market run"),
    "omega-parity corpus": (parsed, "draws 6,000 cases"),
    "omega-parity sweep --cases 30000 --seed 5 --shard 1/2 --state var/sweep-1.json": (parsed, "15,000 cases"),
    "omega-parity rates var/sweep-1.json": (parsed, "needs the file that the sweep leaves"),
    "omega-parity sweep --seconds 600 --seed 7": (parsed, "ten minutes by its own option"),
    "omega-parity sweep --seconds 60 --seed 7": (parsed, "a minute by its own option"),
    "omega-parity profile v2 CASE --tool perf": (parsed, "needs perf and the right to use it"),
    "cargo test -p omega-contract": (crate_has_tests, "compiles V2; make test runs it"),
    "cargo test -p omega-backtest": (crate_has_tests, "compiles V2; make test runs it"),
}  # fmt: skip
#: A witness of each switch, all of which the parity suite runs: one is run as typed, the others are selected.
OF_A_SWITCH = re.compile(r"pytest parity/test_adrs\.py -k (\w+)")
RUN_OF_A_SWITCH = "exit_gap"


def documented() -> dict[str, list[str]]:
    """Commands by page; the epilogs of both programs are pages."""
    from bt.cli import EXAMPLES

    return {**pages(), "omega-parity --help": list(in_help(PARITY_EPILOG)), "bt --help": list(in_help(EXAMPLES))}


def distinct() -> list[str]:
    """Every command once, in the order of the pages; one with the folder of its program stands for both."""
    commands = [command for commands in documented().values() for command in commands]
    as_bare = {bare(command): command for command in sorted(commands, key=len)}
    return [as_bare[name] for name in dict.fromkeys(map(bare, commands))]


def bare(command: str) -> str:
    """The command without the folder of its program, by which the tables below name it."""
    return command.replace(".venv/bin/", "")


def runnable() -> list[str]:
    """Commands that are run as typed."""
    selected = [c for c in distinct() if (m := OF_A_SWITCH.fullmatch(c)) and m[1] != RUN_OF_A_SWITCH]
    return [command for command in distinct() if bare(command) not in SLOW and command not in selected]


def as_typed(command: str) -> str:
    """The command with its placeholders filled in."""
    return re.sub(r"\b[A-Z]{4,}\b(?!=)", lambda match: PLACEHOLDERS.get(match[0], match[0]), command)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with its programs in ``.venv/bin`` and the files that the commands name."""
    root = tmp_path_factory.mktemp("documented") / "omega"
    shutil.copytree(REPOSITORY, root, ignore=IGNORED, symlinks=True)
    _programs(root / ".venv" / "bin")
    _inputs(root)
    return root


@pytest.fixture(scope="module")
def without_adr(workshop: Path) -> Path:
    """The same, but nobody has decided about ``SWITCH``."""
    root = workshop.with_name("undecided")
    shutil.copytree(workshop, root, ignore=IGNORED)
    shutil.copytree(workshop / ".venv", root / ".venv")
    by_switch(load_all(root / "ADRs"))[PLACEHOLDERS["SWITCH"]].path.unlink()
    return root


def _programs(folder: Path) -> None:
    folder.mkdir(parents=True)
    starts = {
        "python": f'exec "{sys.executable}" "$@"',
        "pytest": f'exec "{sys.executable}" -m pytest -p no:cacheprovider "$@"',
        "omega-parity": f'exec "{sys.executable}" -m parity.harness "$@"',
        "bt": f'exec "{sys.executable}" -m bt.cli "$@"',
    }
    for name, start in starts.items():
        (folder / name).write_text(f"#!/bin/sh\n{start}\n", encoding="utf-8")
        (folder / name).chmod(0o755)


def _inputs(root: Path) -> None:
    """The user's own files: configurations, data, results, sessions, benchmark files."""
    observed = root / "legacy_v1" / "observed"
    shutil.copytree(observed / "data" / "parquet", root / "data" / "parquet")
    v1 = json.loads((observed / "runs" / "full_s2_long_nocost.json").read_text(encoding="utf-8"))["config"]
    (root / "v1.json").write_text(json.dumps(v1), encoding="utf-8")
    config = bt.migrate_config(v1).config | {"run_mode": "dev"}
    (root / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMEGA_DATA_PARQUET_ROOT", str(root / "data" / "parquet"))
        result = bt.run_backtest(config)
    (root / "result.json").write_text(result.text, encoding="utf-8")
    write_artefacts(result, root / "made").rename(root / "made" / "0123456789abcdef")
    (root / "var" / "results").mkdir(parents=True)
    (root / "made").rename(root / "var" / "results" / "backtests")
    candles = "".join(f"20240102 17{minute:02}00;1.1;1.2;1.0;1.1;0\n" for minute in range(30))
    (root / "DAT_ASCII_EURUSD_M1_2024.csv").write_text(candles, encoding="utf-8")
    rows = "".join(f"2024-01-02T17:{minute:02}:00Z,1.1,1.2,1.0,1.1\n" for minute in range(30))
    (root / "file.csv").write_text(f"time,open,high,low,close\n{rows}", encoding="utf-8")
    (root / "calendar.csv").write_text("Start,Currency,Impact\n2024-01-02 13:30,USD,high\n", encoding="utf-8")
    failed = root / "var" / "failed-cases"
    failed.mkdir(parents=True)
    shutil.copyfile(root / WITNESS, failed / "sweep-0-0-1.json")
    versions = {"V1": "1", "V2": "2", "python": "3", "machine": "x"}
    for k in (1, 2):
        text = encode(part(k, 2), commit="c0ffee", versions=versions)
        for folder in (root / "shards" / str(k), root / f"shard-{k}"):
            folder.mkdir(parents=True)
            (folder / "parity-session.json").write_text(text, encoding="utf-8")
    history = root / "var" / "bench" / "history"
    history.mkdir(parents=True)
    bench = {**facts(), "when": "2026-11-25", "versions": {"commit": "c0ffee"}}
    for path in (root / "before.json", root / "after.json", history / "2026-11-25-c0ffee.json"):
        path.write_text(json.dumps(bench), encoding="utf-8")


@pytest.fixture(scope="module")
def run(workshop: Path, without_adr: Path) -> Callable[[str], tuple[int, str]]:
    """Runs a line in a copy as a shell would; its exit code and its output."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("OMEGA_", "PYTEST_", "MAKE", "MFLAGS"))}

    def runs(line: str) -> tuple[int, str]:
        root = without_adr if bare(line).startswith(DRAFTS) else workshop
        path = os.pathsep.join([str(root / ".venv" / "bin"), os.environ["PATH"]])
        sources = os.pathsep.join([str(root), str(root / "python")])
        environment = {**clean, "PATH": path, "PYTHONPATH": sources, "VIRTUAL_ENV": str(root / ".venv")}
        done = subprocess.run(
            ["bash", "-c", line], cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return runs


@pytest.fixture(scope="module")
def ends(
    request: pytest.FixtureRequest, run: Callable[[str], tuple[int, str]]
) -> Iterator[dict[str, Future[tuple[int, str]]]]:
    """How the commands of the selected tests end; they run side by side."""
    wanted = [
        item.callspec.params["command"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.function is test_a_documented_command_runs_as_typed
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {command: pool.submit(run, as_typed(command)) for command in wanted}


@pytest.mark.parametrize("command", runnable())
def test_a_documented_command_runs_as_typed(command: str, ends: dict[str, Future[tuple[int, str]]]) -> None:
    status, out = ends[command].result()
    assert status == EXIT_CODES.get(bare(command), 0), f"{as_typed(command)}\n{out}"


@pytest.mark.parametrize("command", SLOW)
def test_a_slow_command_holds_in_its_cheapest_form(command: str, run: Callable[[str], tuple[int, str]]) -> None:
    form, reason = SLOW[command]
    assert reason
    assert command in map(bare, distinct()), "no page names it: take it out of SLOW"
    form(command, run)


def test_the_command_of_every_switchs_adr_selects_its_witness(run: Callable[[str], tuple[int, str]]) -> None:
    named = {match[1] for command in distinct() if (match := OF_A_SWITCH.fullmatch(command))}
    assert named == set(SWITCHES)
    status, out = run("pytest parity/test_adrs.py --collect-only -q")
    assert status == 0, out
    assert {switch for switch in named if any(switch in line for line in out.splitlines() if "::" in line)} == named


def test_every_page_has_the_commands_that_it_should_have() -> None:
    found = documented()
    few = {
        page: len(found.get(page, ())) for page, least in EXPECTED_AT_LEAST.items() if len(found.get(page, ())) < least
    }
    assert few == {}
    assert len(distinct()) > 75


def test_no_table_entry_is_left_over() -> None:
    commands = list(map(bare, distinct()))
    assert [command for command in EXIT_CODES if command not in commands] == []
    text = " ".join(commands)
    assert [word for word in PLACEHOLDERS if not re.search(rf"\b{word}\b", text)] == []


def test_commands_are_found_in_blocks_and_in_the_text_and_nowhere_else() -> None:
    text = (
        "Type `make test`, not `make` or `python/bt`, nor `bt.run`.\n"
        "```sh\nmake parity   # both\nA=1 pytest parity\n```\n"
        "```console\n$ omega-parity replay CASE\nmake believe\n```\n"
        "```\nbt run x\n```\n`.venv/bin/bt doctor`\n"
    )
    wanted = ["make test", "make parity", "A=1 pytest parity", "omega-parity replay CASE", ".venv/bin/bt doctor"]
    assert list(in_page(text)) == wanted
    assert list(in_help("examples:\n  bt run x     runs it\n  no command\nbt plot x\n")) == ["bt run x"]
