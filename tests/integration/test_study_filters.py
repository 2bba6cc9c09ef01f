"""The list of studies agrees with the page of the cohort, also after code or settings have changed."""

from itertools import product

import pytest

from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.studies import State, Studies, StudyFilter, studies
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess.batch import count_cohort
from idh_tasks.settings import SQL
from tests.database import run_sql
from tests.due import plan_all
from tests.seed import seed_cohort

TIMES = "\n-- Times, flip angle"
"""Where the statement begins that gives units to earlier evidence."""


@pytest.fixture
def counted(platform: Platform) -> Platform:
    """Return a platform with a counted cohort, of which one study has no ADC patch because of its coverage."""
    seed_cohort(platform, 2, 3)
    run_sql(
        platform,
        "UPDATE idh.patch SET code = 'E_COVERAGE', reason = 'a reason', object_key = NULL "
        "WHERE sequence = 'ADC' AND study_id = (SELECT min(study_id) FROM idh.study)",
    )
    count_cohort(platform)
    return platform


def upgraded(platform: Platform) -> Platform:
    """Return the platform with other settings of the images, before anything was prepared again."""
    imaging = platform.settings.imaging.model_copy(update={"ghosting_limit": 0.16})
    return Platform(platform.settings.model_copy(update={"imaging": imaging}))


def listed(platform: Platform, **chosen: str) -> Studies:
    return studies(platform, StudyFilter(**chosen), 1)  # type: ignore[arg-type]


def ids(platform: Platform, **chosen: str) -> set[StudyId]:
    return {row.study_id for row in listed(platform, **chosen).listing.rows}


@pytest.mark.parametrize("code", ["", "E_COVERAGE", "E_REG_QC"])
def test_after_an_upgrade_the_missing_sequence_and_its_reason_are_those_of_the_counted_version(
    counted: Platform, code: str
) -> None:
    before = ids(counted, without_patch="ADC", code=code)
    assert len(before) == (code != "E_REG_QC")
    after = upgraded(counted)
    assert ids(after, without_patch="ADC", code=code) == before
    assert len(ids(after, with_patch="ADC")) == 4
    assert (listed(counted).present, listed(after).present) == (True, False)


def test_after_an_upgrade_every_study_is_due_once_it_is_planned(counted: Platform) -> None:
    after = upgraded(counted)
    assert ids(after, state=State.DUE) == set()
    plan_all(counted)
    assert ids(after, state=State.DUE) == ids(counted)
    assert {row.state for row in listed(after).listing.rows} == {State.DUE}
    assert [ids(after, state=state) for state in State if state is not State.DUE] == [set()] * 4


def test_after_the_next_count_the_studies_are_those_of_the_new_version(counted: Platform) -> None:
    after = upgraded(counted)
    count_cohort(after)
    assert listed(after).present
    assert ids(after, with_patch="ADC") == set()


def test_each_manufacturer_is_offered_once_in_order(counted: Platform) -> None:
    run_sql(counted, "UPDATE idh.study SET manufacturer = CASE WHEN study_id < '8' THEN 'B' ELSE 'A' END")
    run_sql(counted, "UPDATE idh.study SET manufacturer = 'C' WHERE study_id = (SELECT max(study_id) FROM idh.study)")
    offered = [name for (name,) in run_sql(counted, "SELECT DISTINCT manufacturer FROM idh.study ORDER BY 1")]
    assert listed(counted).vendors == offered
    assert "C" in offered


@pytest.mark.parametrize(("label", "state"), [*product(["mutant", "wildtype", "none"], State)])
def test_each_combination_of_label_and_state_lists_what_both_list(counted: Platform, label: str, state: State) -> None:
    run_sql(counted, "UPDATE idh.case_link SET chosen = false WHERE study_id = (SELECT max(study_id) FROM idh.study)")
    assert ids(counted, label=label, state=state) == ids(counted, label=label) & ids(counted, state=state)


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (
            "TI 2500, TE 1.5, TR 9420, flip 150, b 0, 50, 1000, 3 volumes → DWI; TE 90 fits",
            "TI 2500 ms, TE 1.5 ms, TR 9420 ms, flip angle 150°, b 0, 50, 1000 s/mm², 3 volumes → DWI; TE 90 fits",
        ),
        ("b 0, 1000 → DWI; x", "b 0, 1000 s/mm² → DWI; x"),
        ("TE 90 ms, TR 4000 ms → T2; x", "TE 90 ms, TR 4000 ms → T2; x"),
        ("no timing → OTHER; x", "no timing → OTHER; x"),
        ("a name", "a name"),
    ],
)
def test_earlier_evidence_gets_units_once(counted: Platform, earlier: str, now: str) -> None:
    update = (SQL / "migrations" / "0026_study_filters.sql").read_text().partition(TIMES)[2].partition("\n")[2]
    run_sql(
        counted,
        "INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, "
        "instances) SELECT study_id, 1, 's', 'T2', 'high', :earlier, '', '', 1 FROM idh.study LIMIT 1",
        earlier=earlier,
    )
    for _ in range(2):
        run_sql(counted, update)
        assert run_sql(counted, "SELECT evidence FROM idh.series") == [(now,)]
