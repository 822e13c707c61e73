"""Sessions to the second, and windows around the openings of several markets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bt
import pytest

Config = Callable[..., dict[str, Any]]
LONDON = {"anchor": "london", "windows": [{"start_offset_minutes": -470, "end_offset_minutes": -460}]}
TOKYO = {"anchor": "tokyo", "windows": [{"start_offset_minutes": 20, "end_offset_minutes": 25}]}


def closed(config: dict[str, Any]) -> set[int]:
    """Bars on which a window keeps the strategy from trading. Bar i closes at minute i + 1."""
    result = bt.run_backtest({**config, "output": {"events": True}})
    assert result.meta["counters"]["bars"] == 40
    return {event["bar"] for event in result.events if event.get("gate") in ("session", "anchor")}


@pytest.mark.parametrize(
    ("start", "end", "setting", "first", "last"),
    [
        ("00:05", "00:10", "v2", 4, 8),
        ("00:05:00", "00:10:00", "v2", 4, 8),
        ("00:05:01", "00:10:01", "v2", 5, 9),
        ("00:05", "00:10", "v1", 4, 9),
        ("00:05:01", "00:09:59", "v1", 5, 8),
    ],
)
def test_seconds_of_a_session_count(
    start: str, end: str, setting: str, first: int, last: int, market: Any, config: Config
) -> None:
    windows = [{"start": start, "end": end}]
    outside = closed(config(sessions=windows, semantics={"session_bounds": setting}))
    assert set(range(40)) - outside == set(range(first, last + 1))


def test_a_session_that_ends_in_the_second_after_it_starts_holds_that_second_alone(market: Any, config: Config) -> None:
    outside = closed(config(sessions=[{"start": "00:05:00", "end": "00:05:01"}]))
    assert set(range(40)) - outside == {4}


def test_windows_of_several_markets_are_open_together(market: Any, config: Config) -> None:
    every = set(range(40))
    london, tokyo = (every - closed(config(anchored_sessions=one)) for one in (LONDON, TOKYO))
    assert (london, tokyo) == (set(range(9, 19)), set(range(19, 24)))
    assert every - closed(config(anchored_sessions=[LONDON, TOKYO])) == london | tokyo


def test_a_list_of_one_market_means_the_same_as_the_market(market: Any, config: Config) -> None:
    alone, listed = (bt.run_backtest(config(anchored_sessions=given)) for given in (LONDON, [LONDON]))
    assert alone.meta["config"] == listed.meta["config"]
    several = bt.run_backtest(config(anchored_sessions=[LONDON, TOKYO])).meta["config"]["normalised"]
    assert [entry["anchor"] for entry in several["anchored_sessions"]] == ["london", "tokyo"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([LONDON, {**TOKYO, "anchor": "Tokyo"}], "anchored_sessions[1].anchor"),
        ([LONDON, {"windows": []}], "anchored_sessions[1].anchor"),
        ([LONDON, 7], "anchored_sessions[1]"),
        ([{**LONDON, "windows": [{"start_offset_minutes": None}]}],
         "anchored_sessions[0].windows[0].start_offset_minutes"),
        ([{**LONDON, "offset": 1}], "anchored_sessions[0].offset"),
        ([], "anchored_sessions"),
        ("london", "anchored_sessions"),
    ],
)  # fmt: skip
def test_one_bad_market_is_an_error_with_its_path(given: Any, path: str, config: Config) -> None:
    with pytest.raises(bt.ConfigError) as caught:
        bt.run_backtest(config(anchored_sessions=given))
    assert [issue.path for issue in caught.value.issues] == [path]
    assert bt.schema("config")  # the schema refuses the same, see test_schemas
