"""The suite's options as the user gave them: checked before the first test runs, so that a wrong one ends with 2."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from parity.harness.generate import market_runs
from parity.harness.model.provenance import REPOSITORY
from parity.harness.oracle.compare import Tolerances
from parity.harness.report.profiles import Profile, chosen
from parity.harness.run.differential import Pair
from parity.harness.run.scratch import check_writable, scratch

#: Folder of failed cases, below the one of --out.
FAILED_CASES = "failed-cases"


def profile_of(config: pytest.Config) -> Profile:
    """How much of the generated part runs.

    Raises:
        pytest.UsageError: the options name no profile, no case or no shard.
    """
    option = config.getoption
    seed = option("--seed")
    if seed is None and option("--profile") == "nightly":
        seed = datetime.now(UTC).date().toordinal()
    try:
        return chosen(
            option("--profile"), cases=option("--cases"), seconds=option("--seconds"), seed=seed,
            shard=option("--shard"),
        )  # fmt: skip
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def open_pair(config: pytest.Config, folder: Path) -> Pair:
    """The engines under comparison: V1 and V2, or those of ``--engines``; nothing of them runs yet.

    Raises:
        pytest.UsageError: engines.toml, its limits or tolerances.toml cannot be used.
    """
    timeout = config.getoption("--v1-timeout")
    if not (math.isfinite(timeout) and timeout > 0):
        raise pytest.UsageError(f"--v1-timeout wants a positive number of seconds, not {timeout:g}")
    try:
        tolerances = Tolerances.load()
    except Exception as error:
        raise pytest.UsageError(f"tolerances.toml cannot be used: {_brief(error)}") from error
    try:
        return Pair.of(
            config.getoption("--engines"), folder, tolerances, timeout=timeout,
            v2_in_process=config.getoption("--v2-in-process"),
        )  # fmt: skip
    except Exception as error:  # an engine's own module may raise anything
        raise pytest.UsageError(f"the engines cannot be used: {_brief(error)}") from error


def check_options(config: pytest.Config) -> None:
    """Tries everything that the run needs before it starts, apart from the profile.

    Raises:
        pytest.UsageError: an option, a file it names or a folder to write to cannot be used.
    """
    if config.getoption("dist", "no") == "each":
        raise pytest.UsageError("--dist each runs every test in every process, so that each case counts twice: use -n")
    folder: Path = config.getoption("--out")
    try:
        check_writable(folder)
        if (folder / FAILED_CASES).exists():
            check_writable(folder / FAILED_CASES)
    except OSError as error:
        raise pytest.UsageError(f"--out {folder}: the report cannot be written there: {_brief(error)}") from error
    try:
        if market_runs.is_embedded():
            check_writable(market_runs.embedded_root(REPOSITORY).parent)
    except OSError as error:
        raise pytest.UsageError(
            f"the embedded market cannot be written: {_brief(error)}; {market_runs.VARIABLE} names data of your own"
        ) from error
    try:
        with scratch() as place:
            pair = open_pair(config, place)
            pair.close()
    except OSError as error:
        raise pytest.UsageError(f"no scratch files can be written: {_brief(error)}") from error


def _brief(error: BaseException) -> str:
    return f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.strerror else str(error)
