"""The observed runs: V1 configs that the legacy engine was measured on, with their data, as cases. Reads files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import yaml

from parity.harness.model.case import Case
from parity.harness.model.printable import printable
from parity.harness.model.recorded import RecordingError

#: The one run that was measured with news, and its calendar below the folder of observations.
WITH_NEWS, CALENDAR = "full_s1_news", Path("data/news/news_calender_history.csv")
_FILES = {"costs": "execution_costs_file", "specs": "symbol_specs_file"}


def run_files(root: Path) -> list[Path]:
    """The files of observed runs below a folder of observations; any number of them, none included."""
    return sorted((root / "runs").glob("*.json"))


def observed_case(path: Path, root: Path) -> Case:
    """The measured config of a run with its data, costs and symbols, which lie below ``root``.

    Raises:
        RecordingError: the file, or one that it needs, cannot be read or is none; the message names it.
    """
    raw = _json(path)
    try:
        name, config = raw["case"], raw["config"]
        costs, specs = (_yaml(path, root, config[key]) for key in _FILES.values())
        rest = {key: value for key, value in config.items() if not key.endswith("_file")}
        case = Case(
            id=f"observed::{name}", config=rest, data_root=str(root / "data" / "parquet"), costs=costs, specs=specs,
            news=_news(root) if name == WITH_NEWS else (),
        )  # fmt: skip
        # Only a config that every reader of cases understands becomes one.
        return Case.from_json(case.to_json())
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, RecordingError):
            raise
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RecordingError(f"{path.name}: is no observed run: {printable(what)[:400]}") from error


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(f"{path.name}: cannot be read: {printable(str(error))[:400]}") from error


def _yaml(path: Path, root: Path, name: Any) -> dict[str, Any]:
    place = (root / str(name)).resolve()
    if not place.is_relative_to(root.resolve()):
        raise RecordingError(f"{path.name}: config names {printable(str(name))[:80]!r}, which lies elsewhere")
    try:
        found = yaml.safe_load(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise RecordingError(f"{path.name}: {printable(str(name))[:80]}: {printable(str(error))[:200]}") from error
    if not isinstance(found, dict):
        raise RecordingError(f"{path.name}: {printable(str(name))[:80]} is no YAML mapping")
    return found


def _news(root: Path) -> tuple[tuple[str, str, str], ...]:
    try:
        with (root / CALENDAR).open(encoding="utf-8", newline="") as handle:
            return tuple((row["Start"], row["Currency"], row["Impact"] or "HIGH") for row in csv.DictReader(handle))
    except (OSError, KeyError, csv.Error) as error:
        raise RecordingError(f"{CALENDAR}: cannot be read: {error}") from error
