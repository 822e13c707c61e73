"""Options and fixtures of the parity suite. Imports of the harness wait until they are used, because outside the
project's environment the root conftest hands over to it first."""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from parity.harness.boundary.before_after import BeforeAfter
    from parity.harness.report.profiles import Profile
    from parity.harness.report.session import Session
    from parity.harness.run.differential import Pair
    from parity.harness.triage.campaign import Campaign

REPOSITORY = Path(__file__).resolve().parent.parent
SESSION = pytest.StashKey["Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parity")
    group.addoption(
        "--profile", choices=("dev", "ci", "nightly"), default="ci",
        help="dev: a few hundred generated cases; ci: 1,300, the same ones every time, and every rule branch must be "
        "taken; nightly: new ones for half an hour (default: ci)",
    )  # fmt: skip
    group.addoption("--cases", type=int, help="generated cases to run, instead of the profile's number")
    group.addoption("--seconds", type=float, help="sweep generated cases for so long, instead of their number")
    group.addoption("--seed", type=int, help="seed of the generated cases (default: 0; nightly: today's date)")
    group.addoption("--shard", metavar="k/n", help="only part k of n of the sweep, for several machines")
    group.addoption(
        "--v1-timeout", type=float, default=60.0, help="seconds after which an engine in a process counts as hung"
    )
    group.addoption("--engines", type=Path, help="an engines.toml that names the pair to compare (default: V1 and V2)")
    group.addoption("--out", type=Path, default=REPOSITORY / "var", help="folder of report and failed cases (var)")
    group.addoption("--no-sweep", action="store_true", help="do not turn single switches on the market runs")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "performance: a measured boundary rule; alone broken it ends with exit code 3")
    config.addinivalue_line("markers", "infrastructure: needed to judge at all; broken it ends with exit code 2")


def _profile(config: pytest.Config) -> Profile:
    from parity.harness.report.profiles import chosen

    option = config.getoption
    seed = option("--seed")
    if seed is None and option("--profile") == "nightly":
        from datetime import UTC, datetime

        seed = datetime.now(UTC).date().toordinal()
    try:
        return chosen(
            option("--profile"), cases=option("--cases"), seconds=option("--seconds"), seed=seed,
            shard=option("--shard"),
        )  # fmt: skip
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def _session(config: pytest.Config) -> Session:
    from parity.harness.report.session import Session

    found = config.stash.get(SESSION, None)
    if found is None:
        found = config.stash[SESSION] = Session(profile=_profile(config))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The sweep in chunks, so that several processes can share it."""
    if "chunk" in metafunc.fixturenames:
        processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        chunks = _profile(metafunc.config).chunks(processes)
        metafunc.parametrize("chunk", chunks, ids=[f"from-{chunk.start}" for chunk in chunks])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Only a run of the whole suite can be called vacuous."""
    files = {item.path.name for item in session.items if item.path.parent == REPOSITORY / "parity"}
    narrowed = session.config.getoption("keyword") or session.config.getoption("markexpr")
    if {"test_generated.py", "test_markets.py", "test_pinned.py"} <= files and not narrowed:
        _session(session.config).collected_everything = True


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> Session:
    """What the suite has seen so far; printed at the end."""
    return _session(pytestconfig)


@pytest.fixture(scope="session")
def profile(pytestconfig: pytest.Config) -> Profile:
    """How much of the generated part runs."""
    return _profile(pytestconfig)


@pytest.fixture(scope="session")
def pair(pytestconfig: pytest.Config, session: Session) -> Iterator[Pair]:
    """The engines under comparison: V1 in its worker process and V2 in this one, or those of ``--engines``."""
    from parity.harness.engines import EnginesError
    from parity.harness.oracle.compare import Tolerances
    from parity.harness.run.differential import Pair
    from parity.harness.run.scratch import scratch

    with scratch() as folder:
        try:
            engines = Pair.of(
                pytestconfig.getoption("--engines"), folder, Tolerances.load(),
                timeout=pytestconfig.getoption("--v1-timeout"),
            )  # fmt: skip
        except EnginesError as error:
            session.failures.append("infrastructure")
            pytest.exit(str(error), returncode=2)
        session.watch(engines)
        yield engines
        engines.close()


@pytest.fixture(scope="session")
def out(pytestconfig: pytest.Config) -> Path:
    """Folder of the report and of failed cases."""
    folder: Path = pytestconfig.getoption("--out")
    return folder


@pytest.fixture
def campaign(pair: Pair, session: Session, out: Path) -> Campaign:
    """Looks at cases, counts their branches, and minimises what differs."""
    from parity.harness.triage.campaign import Campaign

    return Campaign(
        pair,
        session.coverage,
        out / "failed-cases",
        limits=pair.limits,
        known=session.known,
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Exit codes of spec 10.3; a process of several hands what it has seen to the one that reports."""
    from parity.harness.report.session import exit_code

    config: Any = session.config
    seen = config.stash.get(SESSION, None)
    if hasattr(config, "workeroutput"):
        if seen is not None:
            config.workeroutput["parity"] = base64.b64encode(pickle.dumps(seen)).decode()
        return
    if seen is not None or exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = exit_code(exitstatus, seen)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Collects what a process has seen; one that died is a failure of the infrastructure."""
    seen = _session(node.config)
    state = getattr(node, "workeroutput", {}).get("parity")
    if state is not None:
        seen.merge(pickle.loads(base64.b64decode(state)))
    elif error is not None:
        seen.failures.append("infrastructure")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    seen = item.config.stash.get(SESSION, None)
    if report.failed and seen is not None:
        kinds = {mark.name for mark in item.iter_markers()} & {"performance", "infrastructure"}
        seen.failures.append(kinds.pop() if kinds else "difference")


def _draw_boundary(terminal: pytest.TerminalReporter, rows: list[BeforeAfter], target: Path) -> None:
    from parity.harness.boundary.chart import plot_boundary

    try:
        terminal.write_line(f"(the boundary before and after: {plot_boundary(rows, target)})")
    except ImportError:
        terminal.write_line("(no plot of the boundary: matplotlib is not installed)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seen = config.stash.get(SESSION, None)
    if seen is None:
        return
    from parity.harness.report.text import render

    text = render(seen)
    terminalreporter.section("parity report")
    terminalreporter.write_line(text)
    target = config.getoption("--out") / "parity-report.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n", encoding="utf-8")
    if seen.before_after:
        _draw_boundary(terminalreporter, seen.before_after, target.with_name("parity-boundary.svg"))
    terminalreporter.write_line(
        f"(also in {target.relative_to(REPOSITORY) if target.is_relative_to(REPOSITORY) else target})"
    )
