"""Times as people read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

_SECOND = 1_000_000_000


def moment(ns: int) -> str:
    """A time (ns since the epoch, 64 bits) in UTC, as short as it is exact: ``2025-01-07 02:10``, seconds if any."""
    seconds, rest = divmod(ns, _SECOND)
    time = datetime.fromtimestamp(seconds, UTC)
    if rest:
        return f"{time:%Y-%m-%d %H:%M:%S}.{f'{rest:09}'.rstrip('0')}"
    return f"{time:%Y-%m-%d %H:%M:%S}" if time.second else f"{time:%Y-%m-%d %H:%M}"


def until(ns: int, now: int) -> str:
    """A time beside the moment ``now``: without its date on the same day."""
    day, clock = moment(ns).split(" ", 1)
    return clock if day == moment(now).split(" ", 1)[0] else f"{day} {clock}"
