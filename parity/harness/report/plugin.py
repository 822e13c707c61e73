"""The suite as pytest runs it: records what each test shows, splits shards, writes report and session, ends with the
exit code of ``conclusion``.

A failure is classified where it happens: a ``DivergenceError`` in a test is a difference, an assertion of a test that
is marked ``performance`` is a broken rule, and everything else kept the run from judging.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from parity.harness.model import provenance
from parity.harness.oracle.verdict import DivergenceError
from parity.harness.report.conclusion import TESTS_RAN, exit_code
from parity.harness.report.document import SessionError, decode, encode
from parity.harness.report.options import check_options, profile_of
from parity.harness.report.session import Session
from parity.harness.report.text import render
from parity.harness.report.writing import write_report

SUITE = Path(__file__).resolve().parents[2]
NAME = "omega-parity"
Report = Generator[None, pytest.TestReport, pytest.TestReport]
#: Key of a worker's session in what xdist hands over.
WORKER_OUTPUT = "omega_parity_session"


class ParityPlugin:
    """One run of the suite; ``seen`` is its session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.is_worker = hasattr(config, "workerinput")
        self.seen = Session(profile=profile_of(config))
        #: Whether a test of the suite was started, here or in a worker.
        self.started = False
        self._written = False

    def final(self, pytest_status: int) -> int:
        """The exit code of the run."""
        if self.config.option.collectonly and pytest_status == 0:
            return 0
        return exit_code(pytest_status, self.seen if self.started or self.seen.failures else None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """The sweep in chunks, so that several processes can share it."""
        if "chunk" in metafunc.fixturenames:
            chunks = self.seen.profile.chunks(_processes(self.config))
            metafunc.parametrize("chunk", chunks, ids=[f"from-{chunk.start}" for chunk in chunks])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Records the collected tests before options deselect any, and leaves out those of other shards."""
        own = [item for item in items if item.path.parent == SUITE]
        if not own:
            return
        files = {path.name for path in SUITE.glob("test_*.py")}
        self.seen.absent = files - {item.path.name for item in own}
        self.seen.narrowed = [f"what {word!r} does not select" for word in config.args if "::" in word]
        if config.getoption("--no-sweep"):
            self.seen.narrowed.append("single switches on the market runs (--no-sweep)")
        self.seen.tests = {item.nodeid for item in own}
        k, n = self.seen.profile.shard
        # The sweep divides its own cases; all other tests go round.
        others = [item for item in own if "chunk" not in getattr(item, "fixturenames", ())]
        foreign = {id(item) for i, item in enumerate(others) if i % n != k - 1}
        if foreign:
            config.hook.pytest_deselected(items=[item for item in items if id(item) in foreign])
            items[:] = [item for item in items if id(item) not in foreign]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Report:
        """Classifies a failure while its exception is at hand."""
        report = yield
        own = item.path.parent == SUITE
        self.started = self.started or own
        if report.failed:
            value = call.excinfo.value if call.excinfo else None
            self.seen.fail(_kind(item, call.when, value), item.nodeid, f"{type(value).__name__}: {value}")
        if own and report.skipped:
            self.seen.skipped[item.nodeid] = _reason(report)
        elif own and (report.when == "call" or report.failed):
            self.seen.ran.add(item.nodeid)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected keeps the run from judging."""
        if report.failed:
            self.seen.fail("infrastructure", report.nodeid, "cannot be collected")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker hands its session to the process that reports."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[WORKER_OUTPUT] = encode(self.seen, commit="", versions={}) if self.started else ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Takes a worker's session; a worker that died keeps the run from judging."""
        text = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT)
        if text:
            self.started = True
            try:
                self.seen.merge(decode(text)[0])
            except SessionError as fault:
                self.seen.fail("infrastructure", f"worker {node.gateway.id}", f"its session cannot be read: {fault}")
        elif text is None:
            self.seen.fail("infrastructure", f"worker {node.gateway.id}", f"died: {error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """Report and session, on the terminal and in the folder of ``--out``."""
        if self.is_worker or self.config.option.collectonly:
            return
        if exitstatus not in TESTS_RAN and self.started:
            self.seen.fail("infrastructure", "the run", f"ended early (pytest's exit status {int(exitstatus)})")
        elif exitstatus == pytest.ExitCode.TESTS_FAILED and not self.seen.failures:
            self.seen.fail("infrastructure", "the run", "a failure that no test recorded")
        if not (self.started or self.seen.failures):
            return
        folder = self.config.getoption("--out")
        terminalreporter.section("parity report")
        terminalreporter.write_line(render(self.seen))
        try:
            session = encode(self.seen, commit=provenance.commit(), versions=provenance.known())
            for line in write_report(self.seen, folder, session):
                terminalreporter.write_line(line)
        except OSError as error:
            self.seen.fail("infrastructure", "the report", f"cannot be written to {folder}: {error}")
            terminalreporter.write_line(f"NOT JUDGED: the report cannot be written to {folder}: {error}")


def register(config: pytest.Config) -> None:
    """Adds the plugin to a run; in the process that reports, everything it needs is tried first.

    Raises:
        pytest.UsageError: an option or a file that it names cannot be used.
    """
    # SIGTERM is an interrupt: the run reports what it has, and ends with 2.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        check_options(config)
    config.pluginmanager.register(ParityPlugin(config), NAME)


def plugin_of(config: pytest.Config) -> ParityPlugin:
    """The plugin of a run."""
    plugin = config.pluginmanager.get_plugin(NAME)
    assert isinstance(plugin, ParityPlugin)
    return plugin


def _processes(config: pytest.Config) -> int:
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    return int(worker.get("workercount", 1))


def _kind(item: pytest.Item, when: str, error: BaseException | None) -> str:
    if when == "call" and isinstance(error, DivergenceError):
        return "difference"
    if when == "call" and isinstance(error, AssertionError) and item.get_closest_marker("performance"):
        return "performance"
    return "infrastructure"


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
