"""The block ``budget:``: what it takes, what several places say together, and a sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import Settings, load_settings
from massgen_plugins.profiles import local_zone as zones
from massgen_plugins.profiles.budget import BudgetBlock
from massgen_plugins.profiles.local_zone import local_zone

from .conftest import write

UNTIL = "2026-01-31T18:00:00+00:00"


def load(budget: object, **more: object) -> Settings:
    return load_settings({"agents": [], "rate_limit": {"budget": budget, **more}})


def budget_of(*rows: object, **more: object) -> BudgetBlock:
    found = load(*rows, **more).budget
    assert found is not None
    return found


def test_no_amount_is_no_budget() -> None:
    assert load_settings(None).budget is None
    assert load({}).budget is None
    assert load({"at": "warn", "warn": [50]}).budget is None
    assert load({"run": "none", "day": None}).budget is None
    assert "budget" not in load({}).to_mapping()


def test_the_example_of_the_documentation() -> None:
    budget = budget_of({"run": 2.0, "day": 10, "month": 150.0, "agents": {"researcher": 0.5}})
    assert (budget.run, budget.day, budget.month) == (2, 10, 150)
    assert budget.agents == {"researcher": 0.5}
    assert (budget.at, budget.warn, budget.unknown_price) == ("stop", (50, 80, 95), "refuse")


def test_a_cheaper_model_is_reason_enough_to_use_it() -> None:
    budget = budget_of({"run": 1, "cheaper": {"gpt-5.4": "gpt-5.4-mini"}})
    assert (budget.at, budget.cheaper_from) == ("cheaper", 80)


WRONG = [
    ("much", "expected a mapping"),
    ({"rum": 1}, "did you mean 'run'?"),
    *(
        (({key: value}), key)
        for key in ("run", "day", "month")
        for value in ("2 dollars", -1, True, [1], 2e6)
    ),
    ({"run": float("nan")}, "from 0 to 1,000,000"),
    ({"agents": 3}, "'rate_limit.budget.agents': expected a mapping"),
    ({"agents": {"researcher": "cheap"}}, "agents.researcher': expected a number of US dollars"),
    ({"agents": {"": 1}}, "agents"),
    ({"accounts": {"openai": 5}}, "accounts.openai': expected a mapping"),
    ({"accounts": {"openai": {}}}, "write day, month or both"),
    ({"accounts": {"openai": {"week": 1}}}, "this key is unknown"),
    ({"accounts": {"my project": {"day": 1}}}, "accounts"),
    ({"accounts": {"openai": {"day": -3}}}, "accounts.openai.day': expected a number"),
    ({"at": "stopp"}, "expected one of stop, warn, cheaper"),
    ({"at": True}, "expected one of stop, warn, cheaper"),
    ({"at": "cheaper"}, "name the cheaper models"),
    ({"warn": 80}, "expected a list"),
    ({"warn": [0]}, "whole number of percent from 1 to 100"),
    ({"warn": [101]}, "whole number of percent"),
    ({"warn": ["80%"]}, "whole number of percent"),
    ({"warn": [0.5]}, "whole number of percent"),
    ({"cheaper": "gpt-5.4-mini"}, "expected a mapping"),
    ({"cheaper": {"gpt-5.4": 3}}, "cheaper.gpt-5.4': expected a model's name"),
    ({"cheaper": {"gpt-5.4": "gpt-5.4"}}, "is not cheaper than itself"),
    ({"cheaper_from": 0.8}, "whole number of percent"),
    ({"zone": "Berlin"}, "is not known here"),
    ({"zone": "rolling"}, "begins at midnight"),
    ({"zone": 1}, "a time zone"),
    ({"unknown_price": "maybe"}, "expected one of refuse, allow"),
    ({"unknown_price": False}, "expected one of refuse, allow"),
    ({"run_id": "a b"}, "run_id"),
    ({"run_id": 7}, "run_id"),
    ({"raised": [{"budget": "all", "by": 1, "until": UNTIL}]}, "in your own settings only"),
    ({"raised": [{"by": 1, "until": UNTIL}]}, "the key 'budget' is missing"),
    ({"raised": [{"budget": "all", "by": "x", "until": UNTIL}]}, "expected a number of US dollars"),
    ({"raised": [{"budget": "all", "by": 1, "until": "soon"}]}, "a time with its UTC offset"),
    ({"raised": [{"budget": "all", "by": 1, "until": "2026-01-31T18:00:00"}]}, "a time with its UTC offset"),
    ({"raised": 1}, "expected a list"),
]


@pytest.mark.parametrize(("block", "part"), WRONG, ids=map(str, range(len(WRONG))))
def test_each_mistake_gets_its_sentence(block: object, part: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(block)
    sentence = str(caught.value)
    assert part in sentence
    assert "rate_limit.budget" in sentence
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence


def test_of_several_places_the_smallest_amount_holds(config_dir: Path, project: Path) -> None:
    write(config_dir / "rate_limit.yaml", "budget: {day: 10, run: 3, agents: {a: 1}}\n")
    write(project / ".massgen" / "rate_limit.yaml", "budget: {day: 20, agents: {a: 0.5, b: 2}}\n")
    budget = budget_of({"day": 1_000, "run": 2, "accounts": {"openai": {"day": 4}}})
    assert (budget.day, budget.run, budget.month) == (10, 2, None)
    assert budget.agents == {"a": 0.5, "b": 2}
    assert budget.accounts["openai"].day == 4


@pytest.mark.parametrize(
    "strangers",
    [
        {"day": 1_000},
        {"at": "warn", "day": 1},
        {"unknown_price": "allow", "day": 1_000},
        {"zone": "Pacific/Kiritimati", "day": 1_000},
        {"day": "none"},
    ],
)
@pytest.mark.parametrize("inherit", [True, False])
def test_a_strangers_file_does_not_widen_the_users_own(
    config_dir: Path, strangers: dict[str, object], inherit: bool
) -> None:
    write(config_dir / "rate_limit.yaml", "budget: {day: 10, zone: Europe/Berlin}\n")
    budget = budget_of(strangers, inherit=inherit)
    assert budget.day is not None
    assert budget.day <= 10
    assert (budget.at, budget.unknown_price, budget.zone) == ("stop", "refuse", "Europe/Berlin")


def test_the_users_own_raises_count_in_every_run(config_dir: Path) -> None:
    raised = f"budget: {{raised: [{{budget: run, by: 5, until: '{UNTIL}'}}]}}\n"
    write(config_dir / "rate_limit.yaml", raised)
    budget = budget_of({"run": 1}, inherit=False)
    assert [(each.budget, each.by) for each in budget.raised] == [("run", 5)]
    assert budget.raised[0].ends == 1769882400


def test_another_process_gets_the_same_budget() -> None:
    budget = budget_of({"run": 2, "agents": {"a": 1}, "at": "warn", "warn": [90]})
    again = load_settings(
        {"rate_limit": load({"run": 2, "agents": {"a": 1}, "at": "warn", "warn": [90]}).to_mapping()}
    )
    assert again.budget is not None
    assert again.budget.zone
    assert again.budget.model_dump(exclude={"zone"}) == budget.model_dump(exclude={"zone"})


@pytest.mark.parametrize(
    ("variable", "zone"), [("Europe/Berlin", "Europe/Berlin"), (":Asia/Tokyo", "Asia/Tokyo"), ("UTC", "UTC")]
)
def test_a_day_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch, variable: str, zone: str) -> None:
    monkeypatch.setenv("TZ", variable)
    assert local_zone() == zone
    assert load({"day": 1}).to_mapping()["budget"]["zone"] == zone


def test_a_machine_that_does_not_say_where_it_is_has_utc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # a rule, not a zone's name
    monkeypatch.setattr(zones, "_LINK", tmp_path / "nothing")
    monkeypatch.setattr(zones, "_FILE", tmp_path / "timezone")
    assert local_zone() == "UTC"
    (tmp_path / "timezone").write_text("Europe/Paris\n")
    assert local_zone() == "Europe/Paris"
