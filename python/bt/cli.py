"""The command ``bt``: run, plot, validate, migrate and convert from the shell.

Exit codes: 0 done, 1 the run or conversion ended in an error, 2 the configuration or the command line is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bt
from bt._progress import Progress
from bt.artefacts import write_artefacts
from bt.calendar import convert_news
from bt.convert import VENDORS, Report, convert_data
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
  bt convert-data DAT_ASCII_EURUSD_M1_2024.csv --symbol EURUSD --timeframe M1 --side bid
  bt convert-news calendar.csv --write data/news.parquet
  bt schema config > config.schema.json
  bt doctor --json
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bt",
        description="Omega's backtest engine V2.",
        epilog=EXAMPLES
        + "\nexit codes: 0 done, 1 the run or conversion ended in an error, 2 config or command line refused",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bt {bt.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="machine-readable output")
        return made

    run = command("run", "run a backtest and show its metrics")
    run.add_argument("config", type=Path, help="configuration (JSON)")
    run.add_argument("--out", type=Path, help="folder for artefacts; they go into <out>/<run_id>/")
    run.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="override a key, e.g. costs.enabled=false"
    )
    run.add_argument("--result", type=Path, help="file for the whole result JSON")
    run.add_argument("--plot", type=Path, help="file for a picture: .png, .svg or .pdf")
    validate = command("validate", "check a configuration without running it")
    validate.add_argument("config", type=Path, help="configuration (JSON)")
    migrate = command("migrate-config", "translate a V1 configuration and account for every key")
    migrate.add_argument("config", type=Path, help="V1 configuration (JSON)")
    migrate.add_argument("--write", type=Path, help="where to write the V2 configuration (default: standard output)")
    migrate.add_argument("--news", action="store_true", help="a news calendar is in use")
    picture = command("plot", "draw price with entries and exits, equity and drawdown")
    picture.add_argument("result", type=Path, metavar="RESULT", help="result JSON, or a folder of artefacts")
    picture.add_argument("--write", type=Path, help="picture to write (default: result.png beside RESULT)")
    schema = command("schema", "print the JSON Schema of the configuration, the result or the error, or the codes")
    schema.add_argument("kind", nargs="?", default="config", choices=["config", "result", "error", "codes"])
    _add_converters(command)
    command("doctor", "show versions, paths and what is missing")
    return parser


def _add_converters(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    data = command("convert-data", "turn a vendor's CSV of candles into the canonical Parquet, with a report")
    data.formatter_class = argparse.RawDescriptionHelpFormatter
    data.epilog = "vendors:\n" + "\n".join(f"  {name:12} {v.describes}" for name, v in VENDORS.items())
    data.add_argument("source", type=Path, help="CSV file")
    data.add_argument("--symbol", required=True, help="as in the file names, e.g. EURUSD")
    data.add_argument("--timeframe", required=True, help="M1 M5 M15 M30 H1 H4 D1 W1")
    data.add_argument("--side", required=True, choices=["bid", "ask"], help="which side the file holds")
    data.add_argument("--vendor", default="auto", choices=["auto", *VENDORS], help="format (default: told by the file)")
    data.add_argument("--tz", default="", help="time zone of the file's times, where the vendor does not fix it")
    data.add_argument("--label", default="open", choices=["open", "close"], help="what a bar's time stands for")
    data.add_argument("--spread", type=float, default=0.0, help="price units added, to make an ask file out of bids")
    data.add_argument("--root", type=Path, help="data root (default: OMEGA_DATA_PARQUET_ROOT or data/parquet)")
    news = command("convert-news", "turn a news calendar in CSV into the Parquet that V2 reads")
    news.add_argument("source", type=Path, help="CSV with Start (UTC) and Currency, perhaps Impact, Name, Id")
    news.add_argument("--write", type=Path, required=True, help="Parquet file to write")


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise bt.ConfigError(f"config file {path} does not exist") from error
    except ValueError as error:
        raise bt.ConfigError(f"config file {path} is not valid JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise bt.ConfigError(f"config file {path} must hold an object")
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
    migration = bt.migrate_config(_load(arguments.config), news=arguments.news)
    text = json.dumps(migration.config, indent=1) + "\n"
    if arguments.write:
        replace_file(arguments.write, text)
    if arguments.json:
        findings = [vars(f) for f in migration.findings]
        print(json.dumps({"config": migration.config, "findings": findings, "environment": migration.environment}))
        return DONE
    if not arguments.write:
        print(text, end="")
    print(migration.report(), file=sys.stderr)
    return DONE


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
        if isinstance(error, bt.ConfigError):
            body["error"]["issues"] = [vars(issue) for issue in error.issues]
        print(json.dumps(body, indent=1))
    else:
        print(error, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
