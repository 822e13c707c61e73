"""Rows A to N of the specification's corrections: each has the check that pins it, on both engines.

Rows B to H are pinned by the smallest recorded case of each cause, and by what follows from the rule. The other rows
are about configs: one that is written in another way gives, in either engine, what the usual way gives.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from parity.harness.generate.cases import MEAN_REVERSION, RATES
from parity.harness.generate.choices import Seeded
from parity.harness.generate.drafts import Draft
from parity.harness.generate.markets import Segment, Shape, build
from parity.harness.generate.respell import RESPELL
from parity.harness.model.case import DEFAULT_COSTS, DEFAULT_SPECS, Case
from parity.harness.model.limits import EVERYTHING
from parity.harness.model.outcome import Answer, Outcome, Refusal
from parity.harness.model.plain import plain, refused, taken
from parity.harness.model.recorded import OWN, observed_root, recorded_files, recordings
from parity.harness.model.spellings import REFUSED, TAKEN
from parity.harness.oracle.equality import results
from parity.harness.oracle.verdict import DivergenceError, require_match
from parity.harness.report.session import Session
from parity.harness.run.differential import Examined
from parity.harness.triage.campaign import Campaign, kept
from parity.harness.triage.recorded import RecordedCampaign

Config = dict[str, Any]
PART = "corrections"
#: Row -> its smallest recorded cases, by the name of the file.
RECORDED = {
    "B": ("two_wrappers",), "C": ("news_open_mode",), "D": ("hysteresis",), "E": ("scenario6_block_replaces",),
    "F": ("timeout_order",), "G": ("lookahead_exact_time",), "H": ("float_close_on_band", "float_flat_market"),
}  # fmt: skip
FILES = {path.stem: path for root in (OWN, observed_root()) for path in recorded_files(root) if path.suffix == ".json"}
#: A market that trades every way, and what trades on it.
SHAPE = Shape(segments=(Segment(kind="range", bars=40, size=2), Segment(kind="trend_up", bars=12),
                        Segment(kind="range", bars=30, size=3)), seed=5, lead=10)  # fmt: skip
PARAMETERS: Config = {
    "enabled_scenarios": [1, 2], "direction_filter": "both", "window_length": 5, "ema_length": 3, "atr_length": 3,
    "atr_mult": 1.0, "b_b_length": 4, "std_factor": 0.3, "z_score_long": -0.5, "z_score_short": 0.5, "kalman_r": 0.5,
    "kalman_q": 0.05, "htf_filter": "none", "htf_tf": "NONE", "extra_htf_filter": "none", "extra_htf_tf": "NONE",
    "tp_min_distance": 0.0, "use_position_manager": True, "max_holding_minutes": 7,
}  # fmt: skip
ALL_DAY: Config = {"fixed_times": [["00:00", "23:59"]]}
LONDON: Config = {"anchor": "london", "offset_window": [["-08:00", "-07:10"]]}
NEVER = [["+09:00", "+10:00"]]


def case(name: str = "usual", **changes: Any) -> Case:
    """The usual config on the usual market; keywords replace top-level keys."""
    config: Config = {
        "symbol": SHAPE.symbol, "start_date": "2025-01-07", "end_date": "2025-01-08",
        "timeframes": {"primary": "M1", "additional": ["M5"]}, "warmup_bars": SHAPE.lead, "initial_balance": 10000.0,
        "risk_per_trade": 100.0, "account_currency": "USD", "rates_static": RATES,
        "execution": {"random_seed": 7, "fee_multiplier": 1.0, "slippage_multiplier": 1.0},
        "timestamp_alignment": {"entry_timestamp_mode": "open"}, "session_filter": ALL_DAY,
        "strategy": {**MEAN_REVERSION, "parameters": PARAMETERS}, **changes,
    }  # fmt: skip
    market = build(SHAPE)
    bars = {"M1": market.bars(), "M5": market.resample(5 * 60_000_000_000)}
    return Case(id=f"correction::{name}", config=copy.deepcopy(config), bars=bars, tags=("correction",))


def having(name: str = "usual", **parameters: Any) -> Case:
    """The usual case with other parameters."""
    return case(name, strategy={**MEAN_REVERSION, "parameters": {**PARAMETERS, **parameters}})


def anchored(filter_: Config) -> Case:
    """The usual case with an anchored filter instead of its session."""
    one = case(anchored_session_filter=filter_)
    return replace(one, config={key: value for key, value in one.config.items() if key != "session_filter"})


@pytest.fixture
def examine(campaign: Campaign, session: Session) -> Callable[[Case], Examined]:
    """Examines a case, which must be a match, and counts it."""

    def examine(one: Case) -> Examined:
        examined = campaign.examine(one)
        session.add(PART, examined.report)
        require_match(examined.report, kept(campaign.pair, one, campaign.folder) if examined.fingerprint else "")
        return examined

    return examine


def answers(examined: Examined) -> list[Answer]:
    return [examined.a, examined.b]


def ran(examined: Examined, *, least: int = 1) -> list[bytes]:
    """The results of both engines, which have to have traded."""
    out = []
    for answer in answers(examined):
        assert isinstance(answer.outcome, Outcome), answer.outcome
        assert len(answer.outcome.trades) >= least
        out.append(results(answer.outcome))
    return out


@pytest.mark.parametrize(("row", "name"), [(row, name) for row, names in RECORDED.items() for name in names])
def test_a_row_is_pinned_by_its_smallest_recorded_case(
    row: str, name: str, campaign: Campaign, session: Session
) -> None:
    if observed_root() != OWN and name not in FILES:
        pytest.skip(f"row {row}: no {name}.json in {observed_root()}")
    recorded = RecordedCampaign(campaign)
    (report,) = [recorded.examine(one) for one in recordings(FILES[name])]
    session.add(PART, report)
    texts = recorded.findings()
    session.findings += [f"FOUND row {row}: {text}" for text in texts]
    require_match(report, "\n".join(texts) or report.reason)
    if texts:
        raise DivergenceError("\n".join(texts))


def test_row_a_a_list_of_offsets_and_a_module_without_prefix_are_the_usual_config(examine: Any) -> None:
    several = {"anchor": "london", "offset_window": [["-08:00", "-07:40"], ["-07:30", "-07:10"]]}
    usual = anchored(several)
    short = {**MEAN_REVERSION, "module": MEAN_REVERSION["module"].removeprefix("strategies.")}
    config = {**usual.config, "strategy": {**short, "parameters": PARAMETERS}}
    assert ran(examine(usual)) == ran(examine(replace(usual, config=config)))
    assert ran(examine(usual)) != ran(examine(anchored(LONDON)))


@pytest.mark.parametrize("trades", [True, False])
@pytest.mark.parametrize("managed", [True, False])
def test_row_b_two_wrappers_fail_on_the_first_bar_with_or_without_a_position(
    trades: bool, managed: bool, examine: Any
) -> None:
    allowed = PARAMETERS["z_score_long"] if trades else -99.0
    one = having(use_position_manager=managed, z_score_long=allowed, z_score_short=-allowed)
    for answer in answers(examine(one.with_config(anchored_session_filter=LONDON))):
        assert isinstance(answer.outcome, Refusal)
        assert answer.outcome.code == 4000


@pytest.mark.parametrize("minutes", [60, 61, 59, -30, -31, -29])
def test_row_c_news_block_the_same_bars_in_both_timestamp_modes(minutes: int, examine: Any) -> None:
    """An event that many minutes after the close of the bar that opens at 00:20."""
    total = 21 + minutes
    day, clock = ("2025-01-07", total) if total >= 0 else ("2025-01-06", total + 1440)
    news = ((f"{day} {clock // 60:02}:{clock % 60:02}:00", "USD", "HIGH"),)
    found = {
        mode: ran(examine(replace(case(timestamp_alignment={"entry_timestamp_mode": mode}), news=news)))
        for mode in ("open", "close")
    }
    assert found["open"] == found["close"]
    blocked = range(21, 21 + 91) if minutes == 60 else range(total - 60, total + 31)
    for answer in answers(examine(replace(case(), news=news))):
        assert isinstance(answer.outcome, Outcome)
        closes = [row.entry_time_ns // 60_000_000_000 % 1440 + 1 for row in answer.outcome.rows]
        assert not set(closes) & set(blocked)


def test_row_i_a_cooldown_after_an_exit_has_the_same_trades_in_both_timestamp_modes(examine: Any) -> None:
    found = [
        ran(examine(case(timestamp_alignment={"entry_timestamp_mode": mode}, cooldown_minutes_trade=3)))
        for mode in ("open", "close")
    ]
    assert found[0] == found[1]
    assert found[0] != ran(examine(case(cooldown_minutes_trade=0)))


def respelled(name: str, number: int) -> Case:
    """The usual case under a spelling; ``number`` is another way of the same."""
    usual = having(local_z_lookback=0, htf_ema=3, extra_htf_ema=3)
    draft = Draft(SHAPE, build(SHAPE), EVERYTHING, dict(usual.config), dict(usual.bars), DEFAULT_COSTS)
    draft.unshare()
    assert RESPELL[name](Seeded((number, 0), (number, 1)), draft) is not None
    odd = Case(
        id=f"correction::{name.replace(' ', '-').replace(':', '')}-{number}", config=draft.config, bars=draft.bars,
        costs=draft.costs, specs=DEFAULT_SPECS, tags=("correction",),
    )  # fmt: skip
    assert name in [one.name for one, _ in (*taken(odd), *refused(odd))]
    return odd


#: What costs nothing, as a cost file that is missing does.
FREE: Config = {"defaults": {"schema": "per_lot", "per_lot": 0.0, "slippage": {"fixed_pips": 0.0, "random_pips": 0.0}}}


def usual_of(odd: Case) -> Case:
    """A respelled case as it is usually written."""
    config = dict(plain(odd.config))
    seed = config.pop("reporting", {}).get("dev_seed")
    if seed is not None:
        config["execution"] = {**config["execution"], "random_seed": seed}
    return replace(odd, id=f"{odd.id}-usual", config=config, costs=FREE if odd.costs is None else odd.costs)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("name", [spelling.name for spelling in TAKEN])
def test_row_j_what_v1_took_means_what_the_usual_spelling_means(name: str, number: int, examine: Any) -> None:
    odd = respelled(name, number)
    seen = [answer.outcome for answer in answers(examine(odd))]
    assert all(isinstance(outcome, Outcome) for outcome in seen), seen
    usual = [answer.outcome for answer in answers(examine(usual_of(odd)))]
    found = [[results(outcome) if isinstance(outcome, Outcome) else b"" for outcome in both] for both in (seen, usual)]
    assert found[0] == found[1]
    assert name in ("session seconds", "offset short", "anchors list") or ran(examine(odd))


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("name", [spelling.name for spelling in REFUSED])
def test_row_j_what_v1_refused_is_refused(name: str, number: int, examine: Any) -> None:
    examined = examine(respelled(name, number))
    assert isinstance(examined.a.outcome, Refusal)


def test_row_j_symbol_data_that_lack_the_symbol_or_are_missing_are_refused(examine: Any) -> None:
    others = {name: row for name, row in DEFAULT_SPECS.items() if name != SHAPE.symbol}
    for specs in (others, None):
        for answer in answers(examine(replace(case(), specs=specs))):
            assert isinstance(answer.outcome, Refusal), specs


def test_row_k_several_anchors_are_open_where_one_of_them_is(examine: Any) -> None:
    alone = ran(examine(anchored(LONDON)))
    tokyo = {"anchor": "tokyo", "offset_window": NEVER}
    assert alone == ran(examine(anchored({"windows": [tokyo, LONDON]})))
    assert alone == ran(examine(anchored({"windows": [LONDON]})))
    both = {"windows": [LONDON, {"anchor": "tokyo", "offset_window": [["+00:00", "+06:00"]]}]}
    assert alone != ran(examine(anchored(both)))


def test_row_k_seconds_of_a_window_count(examine: Any) -> None:
    def within(start: str, end: str) -> list[bytes]:
        return ran(examine(case(session_filter={"fixed_times": [[start, end]]})))

    assert within("00:10:00", "00:40:00") == within("00:10", "00:40")
    assert within("00:10:01", "00:40") == within("00:11", "00:40")
    assert within("00:10", "00:40:59") == within("00:10", "00:40")
    assert within("00:10", "00:39:59") == within("00:10", "00:39")


def test_row_l_the_seed_of_the_dev_mode_is_the_seed_where_the_run_has_none(examine: Any) -> None:
    slips = {"fixed_pips": 0.0, "random_pips": 0.5}

    def seeded(execution: Config, **reporting: Any) -> list[bytes]:
        return ran(examine(case(slippage=slips, execution=execution, reporting=reporting)))

    eleven = seeded({"random_seed": 11})
    assert seeded({}, dev_mode=True, dev_seed=11) == eleven
    assert seeded({"random_seed": 11}, dev_mode=True, dev_seed=12) == eleven
    assert seeded({"random_seed": 11}, dev_mode=False, dev_seed=12) == eleven
    assert seeded({}, dev_mode=True, dev_seed=12) != eleven


@pytest.mark.parametrize(
    ("value", "usual"),
    [("LONG", "long"), ("Short", "short"), ("up", "both"), (None, "both"), ("BOTH", "both"), ("long ", "both")],
)
def test_row_m_a_direction_in_any_case_and_an_unknown_one_for_both(value: Any, usual: str, examine: Any) -> None:
    assert ran(examine(having(direction_filter=value))) == ran(examine(having(direction_filter=usual)))


def test_row_n_a_missing_cost_file_is_no_costs_and_a_warning(examine: Any) -> None:
    without = examine(replace(case(), costs=None))
    assert ran(without) == ran(examine(replace(case(), costs=FREE)))
    assert ran(without) != ran(examine(case()))
    if "migration" in without.b.extra:
        assert any("cost" in warning.lower() for warning in without.b.extra["warnings"])
