"""How far two values may lie apart, by field, each with its reason: ``parity/tolerances.toml``."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import inspect

from parity.harness.model.outcome import OpenPosition, Trade
from parity.harness.oracle.equality import same

TOLERANCES_FILE = Path(__file__).resolve().parents[2] / "tolerances.toml"
#: A larger limit would let pass what a reader sees.
LARGEST = 1e-3
_KEYS = ("relative", "reason")


def _amounts(struct: Any) -> frozenset[str]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return frozenset(one.name for one in info.fields if isinstance(one.type, inspect.FloatType))


#: Fields that can have a tolerance by group; of metrics every one.
FIELDS: dict[str, frozenset[str]] = {
    "trades": _amounts(Trade),
    "open_positions": _amounts(OpenPosition),
    "account": frozenset(("balance", "fees_total", "equity")),
    "metrics": frozenset(),
}


class TolerancesError(ValueError):
    """A tolerances file that cannot be used; the message names file and key and says what is allowed."""


@dataclass
class Tolerances:
    """Limits by group and field, and the largest share of each that was needed so far."""

    limits: dict[tuple[str, str], float]
    used: dict[tuple[str, str], float] = field(default_factory=dict)
    #: How often two values that are not the same counted as equal.
    uses: int = 0

    @classmethod
    def load(cls, path: Path = TOLERANCES_FILE) -> Tolerances:
        """Reads the file.

        Raises:
            TolerancesError: it cannot be read, or a key of it cannot be used.
        """
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise TolerancesError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise TolerancesError(f"{path}: {error}") from error
        limits: dict[tuple[str, str], float] = {}
        for group, fields in raw.items():
            if group not in FIELDS or not isinstance(fields, dict):
                raise TolerancesError(f"{path}: [{group}] is not one of the tables {', '.join(FIELDS)}")
            for name, rule in fields.items():
                if group != "metrics" and name not in FIELDS[group]:
                    known = ", ".join(sorted(FIELDS[group]))
                    raise TolerancesError(f"{path}: {group}.{name} can have no tolerance; what can: {known}")
                limits[group, name] = _limit(f"{path}: {group}.{name}", rule)
        return cls(limits)

    def equal(self, group: str, name: str, a: Any, b: Any) -> bool:
        """Whether two values count as equal; remembers how far apart they were."""
        if same(a, b):
            return True
        limit = self.limits.get((group, name))
        if limit is None or type(a) is not float or type(b) is not float:
            return False
        distance = abs(a - b) / max(1.0, abs(a))
        if not distance <= limit:  # NaN is not within any limit
            return False
        key = (group, name)
        self.used[key] = max(self.used.get(key, 0.0), distance)
        self.uses += 1
        return True

    def merge(self, other: Tolerances) -> None:
        """Takes over what another process has used."""
        self.uses += other.uses
        for key, distance in other.used.items():
            self.used[key] = max(self.used.get(key, 0.0), distance)

    def report(self) -> list[tuple[str, float, float]]:
        """(field, limit, largest distance seen) of every limit."""
        return [(f"{g}.{n}", limit, self.used.get((g, n), 0.0)) for (g, n), limit in self.limits.items()]


def _limit(where: str, rule: Any) -> float:
    if not isinstance(rule, dict) or rule.keys() != set(_KEYS):
        has = f"has the keys {', '.join(sorted(rule)) or '-'}" if isinstance(rule, dict) else f"is {rule!r}"
        raise TolerancesError(f"{where} {has}; a tolerance has exactly {' and '.join(_KEYS)}")
    limit, reason = rule["relative"], rule["reason"]
    if type(limit) is not float or not math.isfinite(limit) or not 0 < limit <= LARGEST:
        raise TolerancesError(f"{where}.relative is {limit!r}; a number above 0 and at most {LARGEST:g} is allowed")
    if not isinstance(reason, str) or not reason.strip():
        raise TolerancesError(f"{where}.reason is {reason!r}; a tolerance without a reason is not allowed")
    return limit
