"""Settings as the pages show them: only what a person can set, with unit and origin."""

from datetime import UTC, datetime

import pytest

from idh_tasks.configuration.listed import known
from idh_tasks.pipelines.operate.check import _from_environment
from idh_tasks.pipelines.pages.run_origin import changed
from idh_tasks.pipelines.pages.sources import (
    CONNECTION,
    DEFAULT,
    ENVIRONMENT,
    INTERNAL,
    SettingRow,
    WorkerSettings,
    _worker,
)
from idh_tasks.settings import LearningSettings

DEFAULTS = {name: "" if setting.default == "unset" else setting.default.strip("`") for name, setting in known().items()}


def rows(environment: list[str], **values: str) -> dict[str, SettingRow]:
    recorded = WorkerSettings("default", DEFAULTS | values, [], environment, datetime.now(UTC))
    return {row.variable: row for group in _worker(recorded).groups for row in group.rows}


def test_what_the_platform_sets_itself_is_not_shown() -> None:
    shown = rows([], IDH_TASK="check_sources/run/check")
    assert set(INTERNAL) <= known().keys()
    assert not set(INTERNAL) & shown.keys()
    assert not [row.variable for row in shown.values() if row.changed]


def test_a_setting_says_where_it_comes_from() -> None:
    shown = rows(["IDH_LEARNING__EPOCHS"], IDH_LEARNING__EPOCHS="3", IDH_PACS__QUERY_LIMIT="100")
    assert (shown["IDH_LEARNING__EPOCHS"].origin, shown["IDH_LEARNING__EPOCHS"].changed) == (ENVIRONMENT, True)
    assert shown["IDH_PACS__QUERY_LIMIT"].origin == CONNECTION
    assert shown["IDH_LEARNING__FOLDS"].origin == DEFAULT


@pytest.mark.parametrize(
    "named", ["IDH_LEARNING__EPOCHS", "idh_learning__epochs", "IDH_LEARNING", "IDH_LEARNING__EPOCHS__FROM"]
)
def test_a_variable_sets_a_setting_by_its_name_its_group_or_a_file(named: str) -> None:
    settings = ["IDH_LEARNING__EPOCHS", "IDH_DATA_KIND"]
    assert _from_environment(settings, {named: "3"}) == ["IDH_LEARNING__EPOCHS"]


@pytest.mark.parametrize(
    ("variable", "unit"),
    [
        ("IDH_PACS__TIMEOUT_S", "s"),
        ("IDH_IMAGING__MOVEMENT_LIMIT_MM", "mm"),
        ("IDH_IMAGING__TUMOUR_ML", "ml"),
        ("IDH_LINKAGE__WINDOW_DAYS", "days"),
        ("IDH_LEARNING__CHECKPOINT_EVERY", "epochs"),
        ("IDH_INGEST_CRON", "cron, UTC"),
        ("IDH_DATA_KIND", ""),
    ],
)
def test_a_figure_has_its_unit(variable: str, unit: str) -> None:
    assert rows([])[variable].unit == unit


def test_a_run_with_default_settings_has_no_changed_ones() -> None:
    assert changed(LearningSettings().model_dump(mode="json")) == []


def test_a_changed_setting_of_a_run_stands_beside_its_default() -> None:
    settings = LearningSettings(epochs=3, filters=(4, 8), min_mutants=2).model_dump(mode="json")
    assert {row.variable: (row.value, row.default) for row in changed(settings)} == {
        "IDH_LEARNING__EPOCHS": ("3", "500"),
        "IDH_LEARNING__FILTERS": ("[4,8]", "[8,16,32,64]"),
        "IDH_LEARNING__MIN_MUTANTS": ("2", "unset"),
    }
