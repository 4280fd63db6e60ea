"""A project is loaded by name, and its declarations fit together."""

import importlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import projects
from features import AccessEnds, NoEvent, Population, ReadyTable, TableFeature
from lake import Column
from lake.declarations import DeclarationError
from projects import Project, load_project, project_names
from projects.project import UnknownProjectError
from serving import Mart
from stack.errors import PrichalError
from tests.unit.builders import contract, contract_sources, feature, is_one_sentence, source
from training import Slice, TrainingPlan

CDNOW = load_project("cdnow")
ACTIVE = CDNOW.populations[0]


@pytest.mark.parametrize("name", ["cdnwo", "", "project", "../cdnow", "__pycache__"])
def test_an_unknown_project_is_refused_with_the_names_of_the_known_ones(name: str):
    with pytest.raises(UnknownProjectError, match=r"does not exist; give one of .*cdnow.* under projects/") as caught:
        load_project(name)
    assert repr(name) in str(caught.value)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize("name", project_names())
def test_every_project_has_its_folders_name_and_describes_its_features(name: str):
    project = load_project(name)
    assert project.name == name
    assert all(item.description and item.unit and item.null and item.reason for item in project.features)
    assert len({item.description for item in project.features}) == len(project.features)


def test_the_record_shops_raw_folder_holds_its_only_file():
    assert CDNOW.raw is not None
    assert [path.name for path in CDNOW.raw.glob(CDNOW.sources[0].files)] == ["purchases.csv.gz"]


def other(**changes: Any) -> Population:
    return replace(ACTIVE, **{"name": "other", "model": "other_churn", **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"training": replace(CDNOW.training, recency="x")}, "plan's feature x is not", id="recency"),
        pytest.param(
            {"training": replace(CDNOW.training, slices=(Slice("a", "y", (1,)),))},
            "plan's feature y is not",
            id="slice",
        ),
        pytest.param({"training": replace(CDNOW.training, contacts=("z",))}, "plan's feature z is not", id="contacts"),
        pytest.param(
            {"training": replace(CDNOW.training, without_contacted=True)},
            "the project has no actions, so no contact is known",
            id="contacted people without actions",
        ),
        pytest.param(
            {"populations": (replace(ACTIVE, label=NoEvent("visits", 30)),)},
            "the label's source visits of population active",
            id="the label's source",
        ),
        pytest.param(
            {"populations": (replace(ACTIVE, label=AccessEnds(contract())),)},
            "a contract other than the project's",
            id="the label's contract",
        ),
        pytest.param({"contract": contract()}, "no source payments", id="a contract over missing sources"),
        pytest.param({"populations": ()}, "its own model, but the models are", id="no population"),
        pytest.param({"populations": (ACTIVE, other(model="cdnow_churn"))}, "its own model", id="one model twice"),
        pytest.param({"populations": (ACTIVE, other(name="active"))}, "active", id="one population twice"),
        pytest.param({"populations": (other(name="all"),)}, "all", id="a population named all"),
        pytest.param({"features": (*CDNOW.features, CDNOW.features[0])}, "is declared twice", id="one feature twice"),
        pytest.param({"features": (*CDNOW.features, feature())}, "no source visits", id="a feature of no source"),
        pytest.param(
            {"sources": (*CDNOW.sources, source()), "features": (*CDNOW.features, feature())},
            "Feature visits_count_all: the rows of visits are about user_id, not about customer_id; name the column",
            id="a feature of another entity",
        ),
        pytest.param(
            {"sources": (*CDNOW.sources, source()), "populations": (replace(ACTIVE, label=NoEvent("visits", 30)),)},
            "Population active: the rows of visits are about user_id",
            id="a label of another entity",
        ),
        pytest.param(
            {"sources": (*CDNOW.sources, *contract_sources()), "contract": contract()},
            "Contract: the rows of payments are about user_id",
            id="a contract of another entity",
        ),
        pytest.param(
            {"populations": (replace(ACTIVE, where="purchases_days_since_lst <= 180"),)},
            "Population active: its condition 'purchases_days_since_lst <= 180' names purchases_days_since_lst",
            id="an unknown feature of a condition",
        ),
        pytest.param(
            {"populations": (replace(ACTIVE, label=NoEvent("purchases", 90, where="n_cd > 1")),)},
            "the condition of its label 'n_cd > 1' names n_cd, which is no column of purchases: customer_id, date",
            id="an unknown column of a label",
        ),
        pytest.param({"sources": CDNOW.sources * 2}, "purchases", id="one source twice"),
        pytest.param({"time_zone": "Mars/Base"}, "Mars/Base", id="a time zone that does not exist"),
        pytest.param({"mart": Mart("cdnow_scores", "user_id")}, "user_id", id="a mart with another entity"),
    ],
)
def test_declarations_that_contradict_each_other_are_refused(changes: dict[str, Any], message: str):
    with pytest.raises(DeclarationError, match=message) as caught:
        replace(CDNOW, **changes)
    assert is_one_sentence(caught.value)


def test_all_mistakes_of_a_project_are_told_at_once():
    odd = replace(CDNOW.features[0], where="n_cd > 1", what="many")
    with pytest.raises(DeclarationError) as caught:
        replace(CDNOW, features=(*CDNOW.features, odd, feature()), time_zone="Mars/Base", populations=(
            replace(ACTIVE, where="purchases_count_all >", label=NoEvent("visits", 30)),
        ))  # fmt: skip
    names = ("no source visits", "'n_cd > 1' names n_cd", "Mars/Base", "is no SQL near '>'", "label's source visits")
    assert len(caught.value.sentences) == len(names)
    assert all(any(name in sentence for sentence in caught.value.sentences) for name in names)
    assert str(caught.value).startswith("5 mistakes in the declarations:\n- Feature visits_count_all: no source")
    assert is_one_sentence(caught.value)


WRONG = """
import importlib
from dataclasses import replace
from features import Feature
from lake import Column, Source
from projects.cdnow.project import PROJECT as CDNOW

SALES = Source("my sales", "sales.csv", "customer_id", "day", (Column("customer_id", "int", "who"),))
FEATURE = Feature("purchases", "median", "discs", "never", "Buys little", "discs")
PROJECT = replace(CDNOW, name="wrong", features=(*CDNOW.features, FEATURE), time_zone="Mars/Base")
"""


def test_mistakes_of_all_declarations_are_told_when_a_project_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "__init__.py").touch()
    (tmp_path / "wrong" / "project.py").write_text(WRONG)
    monkeypatch.setattr(projects.project, "FOLDER", tmp_path)
    monkeypatch.setattr(projects, "__path__", [*projects.__path__, str(tmp_path)])
    for _ in range(2):  # the second time, Python must not find half a project
        with pytest.raises(DeclarationError) as caught:
            load_project("wrong")
        names = ("Column customer_id: no type int", "Source name 'my sales'", "no aggregation median", "Mars/Base")
        assert [any(name in sentence for sentence in caught.value.sentences) for name in names] == [True] * 4
    (tmp_path / "wrong" / "project.py").write_text(WRONG.splitlines()[0] + "\nPROJECT = 7\nraise ValueError(PROJECT)")
    with pytest.raises(ValueError, match="7"):
        load_project("wrong")


def test_choose_returns_the_named_population_or_all():
    project = replace(CDNOW, populations=(ACTIVE, other()))
    assert [population.name for population in project.choose("all")] == ["active", "other"]
    assert [population.name for population in project.choose("other")] == ["other"]
    with pytest.raises(PrichalError, match="cdnow has no population paid; give active, other, or all") as caught:
        project.choose("paid")
    assert is_one_sentence(caught.value)


def test_the_snapshot_spec_holds_the_projects_declarations():
    spec = CDNOW.spec
    assert (spec.project, spec.entity, spec.time_zone) == ("cdnow", "customer_id", CDNOW.time_zone)
    assert (spec.sources, spec.features, spec.populations) == (CDNOW.sources, CDNOW.features, CDNOW.populations)


TABLE = ReadyTable(
    name="customers",
    files="customers.parquet",
    format="parquet",
    entity=Column("customer_id", "bigint", "the customer"),
    as_of="day",
    left="gone",
    horizon_days=90,
    columns=(TableFeature("silence", "days", "never", "Has not bought for a while", "days since the last purchase"),),
)


OF_TABLE = replace(ACTIVE, where="silence <= 180", label=TABLE.label)


def with_table(**changes: Any) -> Project:
    """The record shop with a ready table instead of its log."""
    declarations = {"table": TABLE, "sources": (), "features": (), "populations": (OF_TABLE,),
            "training": TrainingPlan(recency="silence"), "first_snapshot": date.min}  # fmt: skip
    return replace(CDNOW, **{**declarations, **changes})


def test_a_ready_table_gives_the_project_its_source_and_features():
    project = with_table()
    assert (project.sources, project.features) == ((TABLE.source,), TABLE.features)
    assert (project.spec.table, project.spec.sources, project.spec.dated) == (TABLE, project.sources, True)
    assert replace(project, policy=CDNOW.policy) == project, "a copy is the same project"
    assert not with_table(table=replace(TABLE, as_of=date(2026, 3, 1))).spec.dated


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"sources": CDNOW.sources}, "both a ready table and sources", id="sources too"),
        pytest.param({"features": CDNOW.features}, "both a ready table and features", id="features too"),
        pytest.param(
            {"populations": (replace(OF_TABLE, label=ACTIVE.label),)},
            "a ready table and its label must be used together",
            id="another label",
        ),
        pytest.param(
            {"populations": (replace(OF_TABLE, label=replace(TABLE.label, horizon_days=30)),)},
            "a ready table and its label must be used together",
            id="a label of another horizon",
        ),
        pytest.param(
            {"training": CDNOW.training}, "feature purchases_days_since_last is not declared", id="no such column"
        ),
        pytest.param(
            {"table": replace(TABLE, entity=Column("user_id", "bigint", "whom"))},
            "the entity of its table is user_id",
            id="whom",
        ),
        pytest.param(
            {"table": replace(TABLE, entity=Column("customer_id", "string", "whom"))},
            "needs entity_type='text'",
            id="a mart of numbers for keys of text",
        ),
    ],
)
def test_declarations_that_contradict_a_ready_table_are_refused(changes: dict[str, Any], message: str):
    with pytest.raises(DeclarationError, match=message) as caught:
        with_table(**changes)
    assert is_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"first_snapshot": date.min}, "needs a first_snapshot", id="no first month"),
        pytest.param({"features": (*CDNOW.features, *TABLE.features)}, "declares no ready table", id="its features"),
        pytest.param({"populations": (replace(ACTIVE, label=TABLE.label),)}, "must be used together", id="its label"),
    ],
)
def test_declarations_that_need_a_ready_table_are_refused_without_one(changes: dict[str, Any], message: str):
    with pytest.raises(DeclarationError, match=message) as caught:
        replace(CDNOW, **changes)
    assert is_one_sentence(caught.value)


def test_the_cinemas_actions_are_those_of_its_past_campaigns_at_the_declared_costs():
    plan, costs = load_project("churn").action_plan, importlib.import_module("projects.churn.evaluation").COSTS
    simulated = importlib.import_module("projects.churn.simulator.actions")
    assert plan.arms == simulated.ARM_NAMES
    assert {channel.name for channel in plan.channels} == set(simulated.CHANNELS)
    by_name = {action.name: plan.cost(action) for action in plan.actions}
    assert by_name["email_none_1"] == costs.contact
    assert by_name["email_discount_20_2"] == 2 * costs.contact + costs.offer * costs.acceptance
    assert (plan.value, plan.basis) == (costs.value, costs.basis)


def test_a_project_without_actions_is_one_sentence_for_the_steps_that_need_them():
    with pytest.raises(DeclarationError, match="Project cdnow declares no actions") as caught:
        _ = CDNOW.action_plan
    assert is_one_sentence(caught.value)
