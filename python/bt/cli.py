"""The command ``bt``: run, plot, validate, migrate and convert from the shell.

Exit codes: 0 done, 1 the run or conversion ended in an error, 2 the configuration or the command line is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bt
from bt._progress import Progress
from bt.artefacts import write_artefacts
from bt.calendar import convert_news
from bt.convert import VENDORS, Report, convert_data
from bt.migrate import SWITCHES, TARGETS, is_v1, read_config
from bt.plot import plot

DONE, FAILED, REFUSED = 0, 1, 2
VARIABLES = {
    "OMEGA_DATA_PARQUET_ROOT": "data/parquet",
    "OMEGA_EXECUTION_COSTS_FILE": "built in",
    "OMEGA_SYMBOL_SPECS_FILE": "built in",
    "OMEGA_NEWS_CALENDAR_FILE": "none",
}
EXAMPLES = """examples:
  bt validate config.json
  bt run config.json --out var/results/backtests
  bt run config.json --set costs.enabled=false --set strategy_parameters.ema_length=30
  bt run config.json --result result.json --plot result.svg
  bt plot var/results/backtests/0123456789abcdef --write run.png
  bt migrate-config v1.json --write v2.json
  bt migrate-config v1.json --semantics v2 --write v2.json
  bt convert-data DAT_ASCII_EURUSD_M1_2024.csv --symbol EURUSD --timeframe M1 --side bid
  bt convert-news calendar.csv --write data/news.parquet
  bt schema config > config.schema.json
  bt doctor --json
"""
MIGRATION = """\
--semantics v1 writes execution_variant "v1_parity": V2 computes what V1 computed, to the
last bit. It needs run_mode "dev". --semantics v2 writes execution_variant "v2": V2 decides
as it was designed to, and the results differ from V1's. A single decision is turned in the
written configuration, e.g. "semantics": {"exit_gap": "v2"} beside "v1_parity".

Every key of V1 is reported on standard error: mapped, renamed, normalised (another spelling
of the same), default (absent, V1's default is written out), dropped (V1 never read it),
"V1 refused this" (taken all the same, since only one meaning is possible), warning (V1 and
V2 may do different things). What cannot be migrated is refused with exit code 2.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bt",
        description="Runs Omega's backtest engine V2, and prepares its configurations and its data.",
        epilog=EXAMPLES
        + "\nexit codes: 0 done, 1 the run or conversion ended in an error, 2 configuration or command line refused",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bt {bt.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="print JSON instead of text")
        return made

    run = command("run", "run a backtest and show its metrics")
    run.add_argument("config", type=Path, help="configuration (JSON)")
    run.add_argument("--out", type=Path, help="folder for artefacts; they go into OUT/<run id>/")
    run.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="replace one key, e.g. costs.enabled=false"
    )
    run.add_argument("--result", type=Path, help="file for the whole result (JSON)")
    run.add_argument("--plot", type=Path, help="file for a picture: .png, .svg or .pdf")
    validate = command("validate", "check a configuration: list every fault, or say whether it runs")
    validate.add_argument("config", type=Path, help="configuration (JSON)")
    migrate = command("migrate-config", "translate a V1 configuration and report what became of every key")
    migrate.add_argument("config", type=Path, help="V1 configuration (JSON)")
    migrate.add_argument("--write", type=Path, help="where to write the V2 configuration (default: standard output)")
    migrate.formatter_class = argparse.RawDescriptionHelpFormatter
    migrate.epilog = MIGRATION
    migrate.add_argument("--semantics", choices=TARGETS, help="whose results are wanted (default: v1, see below)")
    migrate.add_argument("--news", action="store_true", help="the V1 run used a news calendar")
    picture = command("plot", "draw price with entries and exits, equity and drawdown of a result")
    picture.add_argument("result", type=Path, metavar="RESULT", help="result file, or folder of artefacts, of bt run")
    picture.add_argument("--write", type=Path, help="picture to write (default: result.png beside RESULT)")
    schema = command("schema", "print the JSON Schema of the configuration, the result or the error, or the codes")
    schema.add_argument("kind", nargs="?", default="config", choices=["config", "result", "error", "codes"])
    _add_converters(command)
    command("doctor", "show versions, paths, symbols, and what is missing")
    return parser


def _add_converters(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    data = command("convert-data", "turn a CSV of candles into a candle file that V2 reads, and report what it holds")
    data.formatter_class = argparse.RawDescriptionHelpFormatter
    data.epilog = "vendors:\n" + "\n".join(f"  {name:12} {v.describes}" for name, v in VENDORS.items())
    data.add_argument("source", type=Path, help="CSV file")
    data.add_argument("--symbol", required=True, help="the symbol, e.g. EURUSD")
    data.add_argument("--timeframe", required=True, help="M1, M5, M15, M30, H1, H4, D1 or W1")
    data.add_argument("--side", required=True, choices=["bid", "ask"], help="the side that the file holds")
    data.add_argument("--vendor", default="auto", choices=["auto", *VENDORS], help="format (default: recognised)")
    data.add_argument("--tz", default="", help="time zone of its times, where the format leaves it open")
    data.add_argument("--label", default="open", choices=["open", "close"], help="what a bar's time is (default: open)")
    data.add_argument("--spread", type=float, default=0.0, help="added to prices, to make asks from bids")
    data.add_argument("--root", type=Path, help="data root (default: OMEGA_DATA_PARQUET_ROOT, else data/parquet)")
    news = command("convert-news", "turn a CSV news calendar into the Parquet file that V2 reads")
    news.add_argument("source", type=Path, help="CSV with Start (UTC) and Currency; optional: Impact, Name, Id")
    news.add_argument("--write", type=Path, required=True, help="Parquet file to write")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise bt.ConfigError(f"config file {path} does not exist") from error
    except UnicodeDecodeError as error:
        raise bt.ConfigError(f"config file {path} is not valid JSON: {error}") from error


def _load(path: Path) -> dict[str, Any]:
    """A V2 configuration; one of V1 is recognised."""
    try:
        loaded = json.loads(_text(path))
    except RecursionError as error:
        raise bt.ConfigError(f"config file {path} is nested too deeply") from error
    except ValueError as error:
        raise bt.ConfigError(f"config file {path} is not valid JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise bt.ConfigError(f"config file {path} must hold an object")
    if is_v1(loaded):
        command = f"bt migrate-config {shlex.quote(str(path))} --write v2.json"
        raise bt.ConfigError(f"{path} is a V1 configuration; this makes one of V2 of it: {command}")
    return loaded


def override(config: dict[str, Any], assignment: str) -> None:
    """Applies one ``PATH=VALUE``; the value is JSON where it can be, text otherwise."""
    path, separator, text = assignment.partition("=")
    if not separator or not path:
        raise bt.ConfigError(f"--set {assignment}: PATH=VALUE is wanted")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    *parents, last = path.split(".")
    place = config
    for key in parents:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise bt.ConfigError(f"--set {assignment}: {key} is not an object")
    place[last] = value


def replace_file(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _run(arguments: argparse.Namespace) -> int:
    config = _load(arguments.config)
    for assignment in arguments.set:
        override(config, assignment)
    with Progress(f"running {arguments.config}", quiet=arguments.json):
        result = bt.run_backtest(config)
    if arguments.result:
        replace_file(arguments.result, result.text + "\n")
    picture = plot(result, arguments.plot) if arguments.plot else None
    folder = write_artefacts(result, arguments.out) if arguments.out else None
    if arguments.json:
        body = {"run_id": result.run_id, "metrics": result.metrics, "artefacts": str(folder) if folder else None}
        body |= {"counters": result.meta["counters"], "timings_ns": result.meta["timings_ns"]}
        body |= {"result": str(arguments.result or "") or None, "plot": str(picture or "") or None}
        print(json.dumps(body, indent=1))
        return DONE
    counters = result.meta["counters"]
    print(f"run {result.run_id}: {counters['bars']} bars, {counters['trades']} trades, {counters['rejected']} rejected")
    for name, value in result.metrics.items():
        print(f"  {name:28} {value!s:>14}  {result.definitions[name]['unit']}")
    seconds = {name: ns / 1e9 for name, ns in result.meta["timings_ns"].items()}
    print("took " + ", ".join(f"{name} {value:.3f} s" for name, value in seconds.items()))
    for what, where in (("artefacts", folder), ("result", arguments.result), ("picture", picture)):
        if where:
            print(f"{what}: {where}")
    return DONE


def _plot(arguments: argparse.Namespace) -> int:
    source: Path = arguments.result
    target = arguments.write or (source / "result.png" if source.is_dir() else source.with_suffix(".png"))
    with Progress(f"drawing {source}", quiet=arguments.json):
        written = plot(source, target)
    print(json.dumps({"plot": str(written)}) if arguments.json else str(written))
    return DONE


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(bt.schema(arguments.kind), indent=1))
    return DONE


def _convert_data(arguments: argparse.Namespace) -> int:
    root = arguments.root or Path(os.environ.get("OMEGA_DATA_PARQUET_ROOT") or "data/parquet")
    with Progress(f"converting {arguments.source}", quiet=arguments.json) as progress:
        report = convert_data(
            arguments.source,
            root,
            symbol=arguments.symbol,
            timeframe=arguments.timeframe.upper(),
            side=arguments.side.upper(),
            vendor=arguments.vendor,
            zone=arguments.tz,
            label=arguments.label,
            spread=arguments.spread,
            progress=progress.say,
        )
    return _show(arguments, report)


def _convert_news(arguments: argparse.Namespace) -> int:
    with Progress(f"converting {arguments.source}", quiet=arguments.json):
        report = convert_news(arguments.source, arguments.write)
    return _show(arguments, report)


def _show(arguments: argparse.Namespace, report: Report) -> int:
    print(json.dumps(report.as_dict(), indent=1) if arguments.json else report)
    return FAILED if report.faults else DONE


def _validate(arguments: argparse.Namespace) -> int:
    """A valid config either runs or stops at its data; both mean that the config itself is accepted."""
    config = _load(arguments.config)
    try:
        bt.run_backtest({**config, "output": {"equity": "none"}})
        note = "and it runs"
    except bt.BacktestError as error:
        note = f"but a run would stop: {error}"
    print(json.dumps({"valid": True, "note": note}) if arguments.json else f"{arguments.config} is valid, {note}")
    return DONE


def _migrate(arguments: argparse.Namespace) -> int:
    source = read_config(_text(arguments.config), str(arguments.config))
    migration = bt.migrate_config(source, arguments.semantics or "v1", news=arguments.news)
    text = json.dumps(migration.config, indent=1) + "\n"
    if arguments.write:
        replace_file(arguments.write, text)
    if arguments.json:
        body: dict[str, Any] = {"config": migration.config, "semantics": migration.semantics}
        body |= {"findings": [vars(f) for f in migration.findings], "environment": migration.environment}
        body |= {"switches": [switch._asdict() for switch in SWITCHES]}
        print(json.dumps(body))
        return DONE
    if not arguments.write:
        print(text, end="")
    print(migration.report(), file=sys.stderr)
    print(_target(arguments.semantics), file=sys.stderr)
    return DONE


def _target(semantics: str | None) -> str:
    """Whose results the written configuration gives, and what the other choice would change."""
    parity = 'written for V1\'s results: execution_variant "v1_parity", which needs run_mode "dev"'
    rows = [f"  {switch}" for switch in SWITCHES]
    if semantics == "v1":
        return f"\n{parity}"
    if semantics == "v2":
        return "\n".join([f"\nwritten for V2's own results; these {len(rows)} switches change what V1 did:", *rows])
    other = f"no --semantics was given. --semantics v2 would turn these {len(rows)} switches, and change results:"
    return "\n".join([f"\n{parity};", other, *rows])


def _doctor(arguments: argparse.Namespace) -> int:
    root = Path(os.environ.get("OMEGA_DATA_PARQUET_ROOT") or "data/parquet")
    symbols = sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
    facts = {
        "bt": bt.__version__,
        "python": platform.python_version(),
        "debug_build": bt._native.__debug_build__,
        "environment": {name: os.environ.get(name) or f"({default})" for name, default in VARIABLES.items()},
        "data_root_exists": root.is_dir(),
        "symbols": symbols,
    }
    if arguments.json:
        print(json.dumps(facts, indent=1))
    else:
        for name, value in facts.items():
            print(f"{name:18} {value}")
        if not symbols:
            print(f"no symbols below {root}: set OMEGA_DATA_PARQUET_ROOT")
    return DONE if symbols else FAILED


COMMANDS = {
    "run": _run,
    "plot": _plot,
    "validate": _validate,
    "migrate-config": _migrate,
    "schema": _schema,
    "convert-data": _convert_data,
    "convert-news": _convert_news,
    "doctor": _doctor,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command ``bt``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what a terminal cannot show is escaped, not a traceback
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        return COMMANDS[arguments.command](arguments)
    except (bt.ConfigError, bt.MigrationError) as error:
        return _say(arguments, error, REFUSED)
    except bt.BtError as error:
        return _say(arguments, error, FAILED)
    except OSError as error:
        return _say(arguments, bt.BtError(f"{error.filename or 'a file'}: {error.strerror or error}"), FAILED)


def _say(arguments: argparse.Namespace, error: bt.BtError, status: int) -> int:
    if arguments.json:
        body: dict[str, Any] = {"error": {"code": error.code, "message": str(error)}}
        if isinstance(error, bt.ConfigError | bt.MigrationError):
            body["error"]["issues"] = [vars(issue) for issue in error.issues]
        print(json.dumps(body, indent=1))
    else:
        print(error, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
