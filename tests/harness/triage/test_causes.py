"""Mistakes planted in the migration of configs: each is reported with its keys, on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import bt
import pytest

from parity.harness.engines import V1Engine, V2InProcess
from parity.harness.generate.cases import sweep_case
from parity.harness.model.case import Case
from parity.harness.model.outcome import Answer
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.fingerprint import Fingerprint
from parity.harness.run.differential import Examined, Pair
from parity.harness.triage.causes import CAUSES, EVERY_KEY, text
from parity.harness.triage.describe import describe
from tests.harness.engines.gate_cases import quiet

Config = dict[str, Any]
#: Lines of a screen, characters of a line; cases that are drawn for a fault, and those of them that are looked into.
SCREEN, LONGEST = 30, 420
DRAWN, SHOWN = 140, 20
#: V1's answers by number of the case: no fault changes them.
ANSWERS: dict[int, Answer] = {}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    out = Pair(V1Engine(), V2InProcess(), tmp_path_factory.mktemp("causes"), Tolerances.load())
    yield out
    out.close()


def swapped_cooldowns(config: Config) -> None:
    own = config["cooldown"]
    own["minutes_after_entry"], own["minutes_after_exit"] = own["minutes_after_exit"], own["minutes_after_entry"]


def late_sessions(config: Config) -> None:
    for window in config.get("sessions") or ():
        for side in ("start", "end"):
            hours, _, rest = window[side].partition(":")
            window[side] = f"{(int(hours) + 1) % 24:02}:{rest}"


def other_anchor(config: Config) -> None:
    if isinstance(config.get("anchored_sessions"), dict):
        config["anchored_sessions"]["anchor"] = "tokyo"


def no_news(config: Config) -> None:
    config["news_filter"]["enabled"] = False


def swapped_multipliers(config: Config) -> None:
    own = config["costs"]
    own["fee_multiplier"], own["slippage_multiplier"] = own["slippage_multiplier"], own["fee_multiplier"]


def no_trend_filter(config: Config) -> None:
    config["strategy_parameters"]["htf_filter"] = "both"


def longer_holding(config: Config) -> None:
    scripted = config["strategy_name"] == "scripted_orders"
    own = config["strategy_parameters" if scripted else "trade_management"]
    if own["max_holding_minutes"] is not None:
        own["max_holding_minutes"] += 5


def half_the_risk(config: Config) -> None:
    config["account"]["risk_per_trade"] /= 2


def one_bar_stale(config: Config) -> None:
    config["timestamp_alignment"]["stale_bar_limit_bars"] += 1


def wide_stops(config: Config) -> None:
    config["strategy_parameters"]["atr_mult"] *= 1.5


def eager_rules(config: Config) -> None:
    for side in ("long", "short"):
        config["strategy_parameters"][f"z_score_{side}"] *= 0.9


def filtered(case: Case) -> bool:
    """Cases of the strategy under its filter of a higher timeframe."""
    return case.config["strategy"]["parameters"].get("htf_filter") in ("above", "below")


def has(*names: str) -> Callable[[Case], bool]:
    """Cases whose config has one of these keys, at the top or among the strategy's parameters."""
    return lambda case: any(n in case.config or n in case.config["strategy"]["parameters"] for n in names)


def rules(case: Case) -> bool:
    return "mean_reversion" in case.tags


# Fault, cases it can show in, words of the sentence, the config lines' keys (V1 -> V2), findings at most.
FAULTS: tuple[tuple[Callable[[Config], None], Callable[[Case], bool], str, tuple[str, str], int], ...] = (
    (swapped_cooldowns, has("cooldown_minutes", "cooldown_minutes_trade"), "its cooldown after an e",
     ("cooldown_minutes ", "cooldown.minutes_after_exit "), 2),
    (late_sessions, has("session_filter"), "the bar closes outside its session",
     ("session_filter ", "sessions "), 2),
    (other_anchor, has("anchored_session_filter"), "the bar closes outside its anchored session",
     ("anchored_session_filter ", "anchored_sessions tokyo "), 2),
    (no_news, lambda case: rules(case) and bool(case.news), "its pause around news lasts until",
     ("a news calendar of ", "news_filter.enabled false"), 1),
    (swapped_multipliers, lambda case: True, "",
     ("execution.fee_multiplier ", "costs.fee_multiplier "), 4),
    (no_trend_filter, rules, "its trend filter of the higher timeframes stops",
     ("strategy.parameters.htf_filter ", "strategy_parameters.htf_filter both"), 1),
    (longer_holding, lambda case: not rules(case), "(timeout: held too long)",
     ("strategy.parameters.max_holding_minutes ", "strategy_parameters.max_holding_minutes "), 1),
    (longer_holding, rules, "(timeout: held too long)",
     ("strategy.parameters.max_holding_minutes ", "trade_management.max_holding_minutes "), 1),
    (half_the_risk, lambda case: True, "",
     ("risk_per_trade ", "account.risk_per_trade "), 2),
    (one_bar_stale, filtered, "its trend filter of the higher timeframes stops",
     ("timestamp_alignment.stale_bar_limit_bars ", "timestamp_alignment.stale_bar_limit_bars "), 2),
    (wide_stops, rules, "in V2 sl is",
     ("strategy.parameters.atr_mult ", "strategy_parameters.atr_mult "), 1),
    (eager_rules, rules, "no gate stops it, and it gives no signal",
     ("strategy.parameters.z_score_", "strategy_parameters.z_score_"), 6),
)  # fmt: skip


def plant(monkeypatch: pytest.MonkeyPatch, fault: Callable[[Config], None]) -> None:
    """Makes the migration of configs bend what it answers."""
    sound = bt.migrate_config

    def bent(config: Config, *, news: bool = False) -> bt.Migration:
        migration = sound(config, news=news)
        fault(migration.config)
        return migration

    monkeypatch.setattr(bt, "migrate_config", bent)


def differing(pair: Pair, shows: Callable[[Case], bool], *, cases: int = DRAWN) -> Iterator[Examined]:
    """The cases of a sweep that may show a fault and do; those that an engine refuses are left out."""
    for number in range(cases):
        case, _ = sweep_case(0, number)
        if not shows(case):
            continue
        if number not in ANSWERS:
            ANSWERS[number] = pair.reference(pair.prepare(case), events=True)
        examined = pair.examine(case, a=ANSWERS[number])
        if examined.fingerprint is not None and examined.fingerprint[0] != "refusal":
            yield examined


@pytest.mark.parametrize(
    ("fault", "shows", "words", "keys", "most"), FAULTS, ids=[f"{i}-{row[0].__name__}" for i, row in enumerate(FAULTS)]
)
def test_a_mistake_in_the_migration_is_told_with_its_keys_on_one_screen(
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[Config], None],
    shows: Callable[[Case], bool],
    words: str,
    keys: tuple[str, str],
    most: int,
) -> None:
    plant(monkeypatch, fault)
    found: Counter[Fingerprint] = Counter()
    for examined in islice(differing(pair, shows), SHOWN):
        assert examined.fingerprint is not None
        found[examined.fingerprint] += 1
        if found[examined.fingerprint] > 1:
            continue
        told = describe(pair, examined)
        lines = told.splitlines()
        assert len(lines) <= SCREEN, told
        assert max(map(len, lines)) <= LONGEST, told
        assert lines[1].startswith("bar "), told
        assert words in lines[1], told
        assert lines[2].startswith("V1 config: "), told
        before, after = lines[2].split(" -> V2 config: ")
        assert keys[0] in before, told
        assert keys[1] in after, told
    print(f"{fault.__name__}: {sum(found.values())} cases, {len(found)} findings: {', '.join(map(str, found))}")
    assert 1 <= len(found) <= most, found


def test_the_case_of_the_review_names_the_cooldown_and_both_configs(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, swapped_cooldowns)
    market = {"direction": "long", "type": "market", "entry": None, "sl": 1.0, "tp": 1.2}
    orders = [{**market, "bar": bar} for bar in (0, 5)]
    case = quiet("02:00", 30, orders=orders, cooldown_minutes=25, cooldown_minutes_trade=0)
    examined = pair.examine(case)
    assert describe(pair, examined).splitlines()[1:3] == [
        "bar 5 (2025-01-07 02:05): V2 gives a long market signal at 1.1001, SL 1, TP 1.2; "
        "V1 does not: its cooldown after an entry lasts until 02:25",
        "V1 config: cooldown_minutes 25, cooldown_minutes_trade 0 -> "
        "V2 config: cooldown.minutes_after_entry 0, cooldown.minutes_after_exit 25",
    ]
    assert examined.fingerprint == ("gate", "cooldown in minutes", "stops V1")


def test_several_mistakes_at_once_are_several_findings(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def several(config: Config) -> None:
        for fault in (swapped_cooldowns, late_sessions, half_the_risk):
            fault(config)

    plant(monkeypatch, several)
    kinds = {examined.fingerprint[:2] for examined in differing(pair, lambda _: True) if examined.fingerprint}
    assert {("gate", "cooldown in minutes"), ("gate", "session"), ("numbers", "filled")} <= kinds


def test_both_ways_of_writing_a_value_have_one_text() -> None:
    both = [
        ({"fixed_times": [["01:00", "02:30"]]}, [{"start": "01:00", "end": "02:30"}], "01:00-02:30"),
        (
            {"anchor": "london", "offset_window": ["-00:30", "+04:15"]},
            {"anchor": "london", "windows": [{"start_offset_minutes": -30, "end_offset_minutes": 255}]},
            "london -00:30 to +04:15",
        ),
        (25, 25.0, "25"),
        ({"fixed_times": []}, [], "none"),
        ([1, 2], [1, 2], "1, 2"),
    ]
    for v1, v2, shown in both:
        assert text(v1) == text(v2) == shown
    assert text(2949584256 * 100 + 7) == "294958425607"


def test_every_gate_has_keys_and_every_key_is_one_of_the_schemas() -> None:
    from parity.harness.model.capabilities import GATES

    assert set(GATES) <= set(CAUSES)
    schema = bt.schema("config")
    sections = {"account", "cooldown", "costs", "news_filter", "trade_management", "timestamp_alignment", "timeframes"}
    checked = 0
    for key in (*EVERY_KEY, *(key for keys in CAUSES.values() for key in keys)):
        for path in key.v2.split("|"):
            head, _, rest = path.partition(".")
            assert head in schema["properties"], path
            if head in sections:
                definition = schema["properties"][head]["$ref"].rsplit("/", 1)[1]
                assert rest in schema["$defs"][definition]["properties"], path
                checked += 1
    assert checked > 40
