"""The command ``bt``: run, validate and migrate from the shell.

Exit codes: 0 done, 1 the run ended in an error, 2 the configuration or the command line is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bt
from bt.artefacts import write_artefacts

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
  bt migrate-config v1.json --write v2.json
  bt doctor --json
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bt",
        description="Omega's backtest engine V2.",
        epilog=EXAMPLES + "\nexit codes: 0 done, 1 the run ended in an error, 2 config or command line refused",
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
    validate = command("validate", "check a configuration without running it")
    validate.add_argument("config", type=Path, help="configuration (JSON)")
    migrate = command("migrate-config", "translate a V1 configuration and account for every key")
    migrate.add_argument("config", type=Path, help="V1 configuration (JSON)")
    migrate.add_argument("--write", type=Path, help="where to write the V2 configuration (default: standard output)")
    migrate.add_argument("--news", action="store_true", help="a news calendar is in use")
    command("doctor", "show versions, paths and what is missing")
    return parser


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


def _run(arguments: argparse.Namespace) -> int:
    config = _load(arguments.config)
    for assignment in arguments.set:
        override(config, assignment)
    if not arguments.json:
        print(f"running {arguments.config} ...", file=sys.stderr)
    result = bt.run_backtest(config)
    folder = write_artefacts(result, arguments.out) if arguments.out else None
    if arguments.json:
        body = {"run_id": result.run_id, "metrics": result.metrics, "artefacts": str(folder) if folder else None}
        print(json.dumps(body, indent=1))
        return DONE
    counters = result.meta["counters"]
    print(f"run {result.run_id}: {counters['bars']} bars, {counters['trades']} trades, {counters['rejected']} rejected")
    for name, value in result.metrics.items():
        print(f"  {name:28} {value!s:>14}  {result.definitions[name]['unit']}")
    if folder:
        print(f"artefacts in {folder}")
    return DONE


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
        temporary = arguments.write.with_suffix(arguments.write.suffix + ".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(arguments.write)
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


COMMANDS = {"run": _run, "validate": _validate, "migrate-config": _migrate, "doctor": _doctor}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command ``bt``."""
    arguments = _parser().parse_args(argv)
    try:
        return COMMANDS[arguments.command](arguments)
    except (bt.ConfigError, bt.MigrationError) as error:
        return _say(arguments, error, REFUSED)
    except bt.BtError as error:
        return _say(arguments, error, FAILED)


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
