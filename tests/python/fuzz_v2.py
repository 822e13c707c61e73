"""Feeds V2 hostile configurations and files, through the one call that there is.

Whatever comes in, there must be an answer: a result, an error JSON with a known code, or a ``ConfigError`` that names
every fault. A panic (``InternalError``), another exception, a crash, a hang (a silent minute) or runaway memory is a
failure that names seed and number and the command that repeats it; after a crash ``var/fuzz`` holds the number within
64. Every input follows from its seed and number alone.

    python tests/python/fuzz_v2.py --configs 1000000 --files 50000 --jobs 2
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bt import _native

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "fuzz"
START = 1_736_208_000_000_000_000  # 2025-01-07T00:00:00Z
#: Resident memory that a worker may need at most, in MiB; it starts with about 130.
MEMORY_MIB = 900
#: Seconds that one input may take.
PATIENCE = 20.0
CODES = set(bt.schema("codes").values())

HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 7, 2**31, 2**53, 2**63, 2**64 - 1, 2**64, -(2**63),
    1e-320, 1e308, -1e308, 0.1, -0.0,
    "", "x", "M1", "M5", "W1", "NONE", "AUTO", "v1", "v2", "1970-01-01", "2200-12-31", "2025-01-07", "0000-00-00",
    "../../etc/passwd", "EURUSD", "A" * 300, "\u0000", "\U0001f4a5", "00:00", "23:59", "99:99", "long", "short",
    [], {}, [[]], [{}], {"": {}}, [None] * 50, {"start": "00:00", "end": "00:00"},
    ["M1", "M5", "D1"], [1, 2, 3, 4, 5, 6],
]  # fmt: skip


def base_configs() -> list[dict[str, Any]]:
    """Valid configurations that between them name most keys."""
    common = {
        "schema_version": "2", "symbol": "EURUSD", "start_date": "2025-01-07", "end_date": "2025-01-07",
        "timeframes": {"primary": "M1"}, "warmup_bars": 0, "rates": {"EURUSD": 1.1},
    }  # fmt: skip
    reverter = {
        "strategy_name": "mean_reversion_z_score",
        "strategy_parameters": {
            "enabled_scenarios": [1, 2, 3, 4, 5, 6], "window_length": 5, "b_b_length": 5, "atr_length": 3,
            "garch_min_periods": 2, "intraday_vol_min_points": 3, "intraday_vol_cluster_window": 10,
            "scenario6_timeframes": ["PRIMARY"], "scenario6_params": {"PRIMARY": {"long": {"z_score": -1}}},
            "z_score_long": -0.5, "z_score_short": 0.5, "local_z_lookback": 10,
        },
    }  # fmt: skip
    scripted = {
        "strategy_name": "scripted_orders",
        "strategy_parameters": {
            "orders": [
                {"bar": 1, "direction": "long", "type": "limit", "entry": 1.1, "sl": 1.09, "tp": 1.11},
                {"bar": 2, "direction": "short", "sl": 1.2, "tp": 1.0, "scenario": "s"},
            ],
            "edits": [{"bar": 3, "order": 1, "sl": 1.15}],
            "max_holding_minutes": 9,
        },
    }  # fmt: skip
    rest = {
        "execution_variant": "v1_parity", "semantics": {"exit_gap": "v2", "warmup": "v2"}, "rng_seed": 1,
        "timestamp_alignment": {"entry_timestamp_mode": "close", "stale_bar_limit_bars": 3},
        "sessions": [{"start": "00:00", "end": "12:00"}],
        "anchored_sessions": {"anchor": "tokyo", "windows": [{"start_offset_minutes": -600, "end_offset_minutes": 60}]},
        "cooldown": {"candles": 1, "minutes_after_entry": 2, "minutes_after_exit": 3},
        "account": {"initial_balance": 1e4, "account_currency": "USD", "risk_per_trade": 50, "max_positions": 2},
        "costs": {"enabled": True, "fee_multiplier": 2, "slippage": {"fixed_pips": 0.1, "random_pips": 0.2}},
        "news_filter": {"enabled": False, "currencies": ["EUR"]},
        "trade_management": {"enabled": True, "max_holding_minutes": 5, "only_scenarios": ["long_1"]},
        "output": {"equity": "trades", "events": True}, "allow_unknown": True, "run_mode": "dev",
    }  # fmt: skip
    return [
        {**common, **reverter},
        {**common, **scripted},
        {**common, **reverter, **rest},
        {**common, **scripted, **rest},
    ]


BASES = base_configs()
TEXTS = [json.dumps(base) for base in BASES]


def hostile(draw: random.Random) -> Any:
    """A value that is seldom right; a copy, so that later changes stay in one input."""
    return copy.deepcopy(draw.choice(HOSTILE))


def slots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        place = todo.pop()
        keys = list(place) if isinstance(place, dict) else range(len(place))
        for key in keys:
            found.append((place, key))
            if isinstance(place[key], dict | list):
                todo.append(place[key])
    return found


def grown(draw: random.Random) -> str:
    """A valid configuration with some values, keys and items changed."""
    config = json.loads(draw.choice(TEXTS))
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        place, key = draw.choice(slots(config))
        kind = draw.random()
        if kind < 0.6:
            place[key] = hostile(draw)
        elif kind < 0.7:
            del place[key]
        elif kind < 0.8 and isinstance(place, dict):
            place[draw.choice(("x", "sl", "type", str(key) + "s", "scenario6_M5_long_z_score"))] = hostile(draw)
        elif kind < 0.9 and isinstance(place, list):
            place.extend([place[key]] * draw.choice((1, 5, 40)))
        else:
            place[key] = draw.choice(
                (draw.uniform(-1e6, 1e6), draw.randint(-5, 10**6), [place[key]], {"x": place[key]})
            )
        if not slots(config):
            break
    return json.dumps(config)


def config_input(draw: random.Random) -> str:
    """One configuration text: grown, torn, or noise."""
    kind = draw.random()
    if kind < 0.6:
        return grown(draw)
    if kind < 0.9:
        text = bytearray(draw.choice(TEXTS).encode())
        for _ in range(draw.choice((1, 1, 2, 4, 16))):
            at = draw.randrange(len(text))
            step = draw.random()
            if step < 0.4:
                text[at] = draw.randrange(256)
            elif step < 0.6:
                del text[at : at + draw.choice((1, 3, 20))]
            elif step < 0.8:
                text[at:at] = bytes(
                    draw.choice(b'{}[]",:0123456789.eE+-\\u truefalsn') for _ in range(draw.choice((1, 2, 9)))
                )
            else:
                text[at:at] = text[: draw.choice((5, 50, 500))]
        return text.decode("utf-8", errors="replace")
    if kind < 0.95:
        depth = draw.choice((5, 100, 127, 128, 129, 5_000))
        return draw.choice(("[" * depth, '{"a":' * depth, "[" * depth + "]" * depth))
    return bytes(draw.randrange(256) for _ in range(draw.choice((0, 1, 8, 200)))).decode("utf-8", errors="replace")


def base_files() -> list[bytes]:
    """The same candles in the encodings that writers use."""
    n = 120
    ts = START + np.arange(n, dtype=np.int64) * 60_000_000_000
    wave = np.round(1.1 + 0.001 * np.sin(np.arange(n) / 4.0), 5)
    opens = np.r_[wave[0], wave[:-1]]
    columns = [opens, np.maximum(opens, wave) + 0.0002, np.minimum(opens, wave) - 0.0002, wave, np.ones(n)]
    names = ["UTC time", "Open", "High", "Low", "Close", "Volume"]
    table = pa.table(dict(zip(names, [pa.array(ts).cast(pa.timestamp("ns", tz="UTC")), *columns], strict=True)))
    options: list[dict[str, Any]] = [
        {}, {"compression": "none"}, {"compression": "zstd", "data_page_version": "2.0"}, {"use_dictionary": False},
        {"row_group_size": 33, "data_page_size": 64}, {"use_dictionary": False, "use_byte_stream_split": names[1:5]},
        {"use_dictionary": False, "column_encoding": {"UTC time": "DELTA_BINARY_PACKED"}}, {"store_schema": False},
    ]  # fmt: skip
    out = []
    for option in options:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, **option)
        out.append(sink.getvalue().to_pybytes())
    return out


def file_input(draw: random.Random, bases: list[bytes]) -> bytes:
    """One mutated Parquet file; footers, which hold sizes and offsets, are hit more often than their share."""
    content = bytearray(draw.choice(bases))
    for _ in range(draw.choice((1, 1, 1, 2, 4, 12))):
        low = max(0, len(content) - 1500) if draw.random() < 0.6 else 0
        at = draw.randrange(low, max(low + 1, len(content)))
        kind = draw.random()
        if kind < 0.5:
            content[at : at + 1] = bytes([draw.randrange(256)])
        elif kind < 0.65:
            content[at : at + 1] = bytes([(content[at] if at < len(content) else 0) ^ (1 << draw.randrange(8))])
        elif kind < 0.75:
            content[at : at + 5] = b"\xff\xff\xff\xff\x0f"
        elif kind < 0.83:
            del content[at : at + draw.choice((1, 4, 100))]
        elif kind < 0.91:
            content[at:at] = content[: draw.choice((1, 4, 100))]
        elif kind < 0.96:
            del content[at:]
        else:
            other = draw.choice(bases)
            content[at:] = other[min(at, len(other)) :]
        if not content:
            break
    return bytes(content)


def judge(text: str) -> str:
    """The kind of answer; anything that is none is an exception."""
    try:
        answer = json.loads(_native.run_backtest(text))
    except bt.ConfigError as error:
        if not error.issues or not all(issue.code in CODES and issue.message for issue in error.issues):
            raise AssertionError(f"a refusal without a fault, a code or a message: {error.issues}") from error
        return "refused"
    if answer["ok"]:
        return "ran"
    assert answer["error"]["code"] in CODES, answer
    assert answer["error"]["message"], answer
    return f"error {answer['error']['code']}"


FILE_CONFIGS = [
    json.dumps({**BASES[0], "strategy_parameters": {"enabled_scenarios": [1], "window_length": 5}}),
    json.dumps({**BASES[1], "execution_variant": "v1_parity"}),
]


class Folder:
    """A data root of good files, one of which can be replaced."""

    def __init__(self, root: Path, bases: list[bytes]) -> None:
        (root / "EURUSD").mkdir(parents=True, exist_ok=True)
        self.bid, self.ask = (root / "EURUSD" / f"EURUSD_M1_{side}.parquet" for side in ("BID", "ASK"))
        self.good = bases[0]
        for path in (self.bid, self.ask):
            path.write_bytes(self.good)
        os.environ["OMEGA_DATA_PARQUET_ROOT"] = str(root)


def work(kind: str, seed: int, first: int, count: int) -> Counter[str]:
    """Runs inputs ``first`` to ``first + count`` in this process; a bad one is kept before it can do harm."""
    seen: Counter[str] = Counter()
    bases = base_files()
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name), bases)
        trail = KEPT / f"{kind}-{seed}-{first}.last"
        trail.parent.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            draw = random.Random(seed * 1_000_003 + number)
            if kind == "configs":
                text = config_input(draw)
            else:
                folder.bid.write_bytes(file_input(draw, bases))
                text = FILE_CONFIGS[number % len(FILE_CONFIGS)]
            if number % 64 == 0:
                trail.write_text(str(number))
            before = time.monotonic()
            try:
                verdict = judge(text)
                assert time.monotonic() - before < PATIENCE, f"took {time.monotonic() - before:.1f} s"
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                assert peak < MEMORY_MIB, f"{peak:.0f} MiB are resident"
            except BaseException as error:
                raise SystemExit(f"{kind} seed {seed} number {number}: {type(error).__name__}: {error}") from error
            seen[verdict] += 1
        trail.unlink(missing_ok=True)
    return seen


def fuzz(kind: str, count: int, seed: int, jobs: int, say: Callable[[str], None]) -> Counter[str]:
    """Spreads inputs over worker processes, so that a crash or a hang of one is a finding and not the end.

    Raises:
        AssertionError: a worker failed, with its last words.
    """
    share = min(20_000, -(-count // jobs))
    todo = [(first, min(share, count - first)) for first in range(0, count, share)]
    running: dict[subprocess.Popen[str], tuple[int, int, float]] = {}
    total: Counter[str] = Counter()
    while todo or running:
        while todo and len(running) < jobs:
            first, size = todo.pop(0)
            command = [sys.executable, __file__, "--work", kind, str(seed), str(first), str(size)]
            worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            running[worker] = (first, size, time.monotonic())
        time.sleep(0.05)
        for worker, (first, size, began) in list(running.items()):
            silent = time.monotonic() - began > 60 + size * 0.02
            if silent:
                worker.kill()
            elif worker.poll() is None:
                continue
            out, err = worker.communicate()
            del running[worker]
            trail = KEPT / f"{kind}-{seed}-{first}.last"
            near = f", near number {trail.read_text()}" if trail.exists() else ""
            assert worker.returncode == 0, (
                f"{'hang' if silent else f'exit {worker.returncode}'}{near}: {err.strip()[-600:]}\n"
                f"again: python {Path(__file__).relative_to(ROOT)} --work {kind} {seed} {first} {size}"
            )
            total.update(json.loads(out))
            say(f"{kind}: {sum(total.values())} of {count}")
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", type=int, default=0, help="configurations to try")
    parser.add_argument("--files", type=int, default=0, help="mutated Parquet files to try")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", nargs=4, metavar=("KIND", "SEED", "FIRST", "COUNT"), help="one worker's share")
    arguments = parser.parse_args()
    if arguments.work:
        kind, *numbers = arguments.work
        print(json.dumps(work(kind, *map(int, numbers))))
        return 0
    for kind, count in (("configs", arguments.configs), ("files", arguments.files)):
        if count:
            began = time.monotonic()
            seen = fuzz(kind, count, arguments.seed, arguments.jobs, lambda text: print(text, file=sys.stderr))
            rate = count / (time.monotonic() - began)
            print(f"{kind}: {count} inputs, seed {arguments.seed}, {rate:.0f}/s: {dict(seen.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
