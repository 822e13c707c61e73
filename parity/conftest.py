"""Options and fixtures of the parity suite.

The harness is imported where it is used: outside the project's environment the root conftest starts that
environment's Python first.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from parity.harness.report.profiles import Profile
    from parity.harness.report.session import Session
    from parity.harness.run.differential import Pair
    from parity.harness.triage.campaign import Campaign

REPOSITORY = Path(__file__).resolve().parent.parent
#: Exit code of whatever keeps the run from judging. Literal, because the harness itself may be what is broken.
INFRASTRUCTURE = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the suite; ``pytest parity --help`` lists them."""
    group = parser.getgroup("parity")
    group.addoption(
        "--profile", default="ci",
        help="dev: a few hundred generated cases; ci: 1,300, the same ones every time, and every rule branch must be "
        "taken; nightly: new ones for half an hour (default: ci)",
    )  # fmt: skip
    group.addoption("--cases", type=int, help="generated cases to run, instead of the profile's number")
    group.addoption("--seconds", type=float, help="sweep generated cases for so long, instead of their number")
    group.addoption("--seed", type=int, help="seed of the generated cases (default: 0; nightly: today's date)")
    group.addoption(
        "--shard", metavar="k/n", help="only part k of n of the suite, for several machines; omega-parity merge joins"
    )
    group.addoption(
        "--v1-timeout", type=float, default=60.0, help="seconds after which an engine in a process counts as hung"
    )
    group.addoption("--engines", type=Path, help="an engines.toml that names the pair to compare (default: V1 and V2)")
    group.addoption(
        "--out", type=Path, default=REPOSITORY / "var", help="folder of report, session and failed cases (var)"
    )
    group.addoption(
        "--v2-in-process", action="store_true", help="run V2 in this process, for profiling: a crash ends the run"
    )
    group.addoption("--no-sweep", action="store_true", help="do not run the market runs with single switches at v2")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Registers the plugin that collects the report and sets the exit code."""
    config.addinivalue_line("markers", "performance: a measured boundary rule; alone broken it ends with exit code 3")
    from parity.harness.report.plugin import register

    register(config)


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, int | None, int | None]:
    """The exit codes of parity/README.md, whatever pytest's own status is."""
    try:
        status = yield
    except pytest.UsageError:
        raise
    except (Exception, KeyboardInterrupt):
        traceback.print_exc()
        return INFRASTRUCTURE
    if not config.pluginmanager.has_plugin("omega-parity"):
        return INFRASTRUCTURE if status else status
    try:
        from parity.harness.report.plugin import plugin_of

        return plugin_of(config).final(int(status or 0))
    except Exception:
        traceback.print_exc()
        return INFRASTRUCTURE


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> Session:
    """What the suite has recorded so far; reported at the end."""
    from parity.harness.report.plugin import plugin_of

    return plugin_of(pytestconfig).seen


@pytest.fixture(scope="session")
def profile(session: Session) -> Profile:
    """How much of the generated part runs."""
    return session.profile


@pytest.fixture(scope="session")
def pair(pytestconfig: pytest.Config, session: Session) -> Iterator[Pair]:
    """The engines under comparison: V1 and V2, or those of ``--engines``."""
    from parity.harness.report.options import open_pair
    from parity.harness.run.scratch import scratch

    with scratch() as folder:
        engines = open_pair(pytestconfig, folder)
        session.watch(engines)
        yield engines
        session.remarks += [*engines.a.remarks, *engines.b.remarks]
        engines.close()


@pytest.fixture(scope="session")
def out(pytestconfig: pytest.Config) -> Path:
    """Folder of the report and of failed cases."""
    folder: Path = pytestconfig.getoption("--out")
    return folder


@pytest.fixture
def campaign(pair: Pair, session: Session, out: Path) -> Campaign:
    """Examines cases, counts their branches, and minimises what differs."""
    from parity.harness.triage.campaign import Campaign

    return Campaign(pair, session.coverage, out / "failed-cases", limits=pair.limits, known=session.known)
