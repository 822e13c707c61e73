"""Numbers as people read them: rounded to a stated precision, fine enough to show the change. Pure.

Decimal throughout: 1.0970 - 1.0981 is -0.0011 here, and not -0.0011000000000001009.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

#: The precision of what is money, a ratio or a volume, and of prices (a hundredth of a tick of EURUSD).
COARSEST, PRICE = Decimal("0.01"), Decimal("0.0000001")
#: Below this the last bits of a double speak.
FINEST = Decimal("0.000000000001")
#: A change is shown with at least two digits: it is at least so many units of the precision.
UNITS = 10
#: Fields that hold a price.
PRICES = frozenset(("entry_price", "exit_price", "initial_sl", "sl", "tp"))


def exact(value: float) -> Decimal:
    """The shortest decimal that reads back as this number."""
    return Decimal(repr(value))


def precision_of(field: str, *shown: Decimal) -> Decimal:
    """A power of ten: the field's usual precision, or a finer one where a shown number would lose its digits."""
    precision = PRICE if field.rpartition(".")[2] in PRICES else COARSEST
    least = min((abs(number) for number in shown if number), default=Decimal(0))
    while least and least < UNITS * precision and precision > FINEST:
        precision /= 10
    return precision


def rounded(value: Decimal, precision: Decimal) -> Decimal:
    """The nearest multiple of a power of ten."""
    return value.quantize(precision, rounding=ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """Digits without exponent or trailing zeros, with a point: ``1.097``, ``-100.0``."""
    text = f"{value:f}"
    whole, _, part = text.partition(".")
    sign_of_zero = whole.lstrip("-") == "0" and not part.strip("0")
    return f"{whole.lstrip('-') if sign_of_zero else whole}.{part.rstrip('0') or '0'}"


def money(value: float, *, signed: bool = False) -> str:
    """Cents and thousands: ``-4,949.53``. A zero has no sign."""
    cents = rounded(exact(value), COARSEST)
    if not cents:
        return "0.00"
    return f"{cents:{'+' if signed else ''},.2f}"


def moment(ns: int) -> str:
    """A time in UTC to the second, and finer where it is: ``2025-01-07 00:01:00``."""
    seconds, rest = divmod(ns, 1_000_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{rest:09}".rstrip("0") if rest else text


def duration(ns: int) -> str:
    """A signed stretch of time in seconds: ``+60 s``."""
    number = Decimal(ns) / 1_000_000_000
    return f"{number.normalize():+f} s"
