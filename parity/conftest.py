"""Options and fixtures of the parity suite. Imports of the harness wait until they are used, because outside the
project's environment the root conftest hands over to it first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from parity.harness.runner import Pair
    from parity.harness.session import Session

REPOSITORY = Path(__file__).resolve().parent.parent
SESSION = pytest.StashKey["Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parity")
    group.addoption("--cases", type=int, default=200, help="generated cases to run (default: 200)")
    group.addoption("--v1-timeout", type=float, default=60.0, help="seconds after which V1 counts as hung")
    group.addoption("--no-sweep", action="store_true", help="do not turn single switches on the market runs")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "performance: a measured boundary rule; alone broken it ends with exit code 3")
    config.addinivalue_line("markers", "infrastructure: needed to judge at all; broken it ends with exit code 2")


def _session(config: pytest.Config) -> Session:
    from parity.harness.session import Session

    found = config.stash.get(SESSION, None)
    if found is None:
        found = config.stash[SESSION] = Session()
    return found


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
def pair(pytestconfig: pytest.Config, session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """V1 in its worker process and V2 in this one."""
    from parity.harness.compare import Tolerances
    from parity.harness.engines import V1Engine, V2Engine
    from parity.harness.runner import Pair

    timeout = pytestconfig.getoption("--v1-timeout")
    engines = Pair(V1Engine(timeout=timeout), V2Engine(), tmp_path_factory.mktemp("cases"), Tolerances.load())
    session.watch(engines)
    yield engines
    engines.close()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Exit codes of spec 10.3."""
    from parity.harness.session import exit_code

    seen = session.config.stash.get(SESSION, None)
    if seen is not None or exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = exit_code(exitstatus, seen)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    seen = item.config.stash.get(SESSION, None)
    if report.failed and seen is not None:
        kinds = {mark.name for mark in item.iter_markers()} & {"performance", "infrastructure"}
        seen.failures.append(kinds.pop() if kinds else "difference")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seen = config.stash.get(SESSION, None)
    if seen is None:
        return
    from parity.harness.report import render

    text = render(seen)
    terminalreporter.section("parity report")
    terminalreporter.write_line(text)
    target = REPOSITORY / "var" / "parity-report.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n", encoding="utf-8")
    terminalreporter.write_line(f"(also in {target.relative_to(REPOSITORY)})")
