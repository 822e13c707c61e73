"""V2, in a worker process like V1; in this process only for profiling and for measuring its boundary."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity.harness.engines.callable import CallableEngine
from parity.harness.engines.process import ProcessEngine
from parity.harness.engines.wire import request_of
from parity.harness.model.capabilities import GATES, Capabilities
from parity.harness.model.files import Prepared

WORKER = Path(__file__).with_name("v2_process") / "worker.py"
#: MiB of address space of a worker of ours, if nothing else is wanted.
MEMORY_MB = 8192
#: All semantics switches, in the order of the specification.
SWITCHES: tuple[str, ...] = (
    "bar_order", "end_date", "warmup", "data_rules", "rolling_deviation", "config_rules", "session_bounds", "news_rule",
    "stop_entry_gap", "pending_entry_slippage", "exit_slippage", "exit_gap", "fill_bar_take_profit",
    "min_stop_distance", "pip_buffer_pip", "pending_entry_time", "level_rounding", "scenario1_short_atr",
    "pnl_model", "volume_grid", "fee_rounding", "slippage_rng", "timeout_clock", "timeout_costs",
    "timeout_reach", "equity_mark", "metrics_definition",
)  # fmt: skip


class V2Engine(ProcessEngine):
    """Runs a case through ``bt`` with the given switches; everything not named is at ``v1``.

    ``timeout`` in seconds, ``memory_mb`` in MiB; ``environment`` is added to the worker's. ``package`` is the folder in
    which ``bt`` lies, by default the one that this process would import.
    """

    def __init__(
        self,
        *,
        name: str = "V2",
        timeout: float = 60.0,
        memory_mb: int = MEMORY_MB,
        environment: Mapping[str, str] | None = None,
        package: Path | None = None,
    ) -> None:
        folder = package or _package()
        command = [sys.executable, str(WORKER), *([str(folder)] if folder else [])]
        super().__init__(name, command, timeout=timeout, memory_mb=memory_mb, environment=environment)


def _package() -> Path | None:
    """The folder of the package ``bt``, which is located, not imported; None where there is none."""
    found = importlib.util.find_spec("bt")
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))).parent if places else None


class V2InProcess(CallableEngine):
    """The same in this process, without a time limit: V2's aborts and endless loops stop the harness, too."""

    def __init__(self, *, name: str = "V2") -> None:
        from parity.harness.engines.v2_process import calls

        super().__init__(name, calls.answer, capabilities=Capabilities(gates=frozenset(GATES)))

    @staticmethod
    def environment(prepared: Prepared) -> dict[str, str]:
        """The variables by which V2 finds the files of a case."""
        from parity.harness.engines.v2_process import calls

        return calls.variables(request_of(prepared, {}, events=False))

    @staticmethod
    def config(prepared: Prepared, switches: Mapping[str, str], *, events: bool = False) -> dict[str, Any]:
        """The V2 config of a case."""
        from parity.harness.engines.v2_process import calls

        return calls.migrated(request_of(prepared, switches, events=events))
