"""The morning page says what is true now: what is due, what failed and why, in one window of time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT
from pydantic import SecretStr

from idh_tasks.codes import Code
from idh_tasks.db import patches
from idh_tasks.db.feed import FeedSource
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import IdhError, RunRefusedError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.pages.sources import sources
from idh_tasks.pipelines.pages.studies import State, StudyFilter, studies
from idh_tasks.pipelines.pages.tonight import READINGS, Tonight, tonight
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.freeze import freeze_cohort
from tests.database import run_sql
from tests.due import plan_all, to_prepare
from tests.hospital import drop, study
from tests.integration.test_link import SURGERY, add_study, linked, report
from tests.seed import patch, seed_cohort

PATIENTS = 15


def morning_of(platform: Platform) -> Tonight:
    return tonight(platform, datetime.now(UTC))


def with_another_version(platform: Platform) -> Platform:
    """Return the platform after a change of a setting of the images."""
    imaging = platform.settings.imaging
    changed = imaging.model_copy(update={"overlap_floor": imaging.overlap_floor / 2})
    return Platform(platform.settings.model_copy(update={"imaging": changed}))


def due_on_the_page_of_studies(platform: Platform) -> set[str]:
    return {row.study_id for row in studies(platform, StudyFilter(state=State.DUE), 1).listing.rows}


def due_for_preprocessing(platform: Platform) -> set[str]:
    return set(to_prepare(platform))


def test_after_a_change_of_settings_everything_is_due_again_once_it_is_planned(platform: Platform) -> None:
    seed_cohort(platform, mutants=5, wildtypes=10)
    before = morning_of(platform)
    assert (before.work.prepared, before.due.studies) == (PATIENTS, 0)
    changed = with_another_version(platform)
    unplanned = morning_of(changed).due
    assert (unplanned.studies, unplanned.outdated) == (0, PATIENTS)
    plan_all(platform)
    after = morning_of(changed)
    assert (after.work.prepared, after.due.studies, after.due.again) == (0, PATIENTS, PATIENTS)
    assert after.due.outdated == 0
    assert len(due_on_the_page_of_studies(changed)) == PATIENTS


def test_training_names_what_is_to_be_prepared_again_instead_of_too_few_patients(platform: Platform) -> None:
    seed_cohort(platform, mutants=5, wildtypes=10)
    changed = with_another_version(platform)
    reason = freeze_cohort(changed, force=True).reason
    assert reason.startswith(f"{PATIENTS} labelled studies are to be prepared again")
    assert "E_FOLD_DEGENERATE" not in reason
    training = morning_of(changed).training
    assert training is not None
    assert training.reason == reason


def test_too_few_patients_are_still_called_so_if_nothing_is_due_again(platform: Platform) -> None:
    seed_cohort(platform, mutants=1, wildtypes=2)
    assert freeze_cohort(platform, force=True).reason.startswith("E_FOLD_DEGENERATE")


def test_tonight_studies_and_preprocessing_agree_on_what_is_due(platform: Platform) -> None:
    new = add_study(platform, "new", SURGERY)
    after_surgery = add_study(platform, "late", SURGERY + timedelta(days=3), "p2")
    patched = add_study(platform, "patched", SURGERY, "p3")
    outdated = add_study(platform, "outdated", SURGERY, "p4")
    grown = add_study(platform, "grown", SURGERY, "p5")
    proposed, accepted = (add_study(platform, name, SURGERY, name) for name in ("proposed", "accepted"))
    linked(platform, report("r2", patient_id="p2"), report("r3", patient_id="p3"))
    with platform.database.begin() as transaction:
        for study_id in (patched, outdated, grown):
            patches.save(transaction, [patch(platform, study_id, 1, s, mutant=False) for s in MODEL_SEQUENCES])
        for study_id in (proposed, accepted):
            cut = patch(platform, study_id, 1, MrSequence.T1, mutant=False)
            patches.save(transaction, [replace(cut, object_key=None, code=Code.W_ROI_PROPOSED, reason="a reason")])
    run_sql(platform, "UPDATE idh.patch SET settings_hash = 'earlier' WHERE study_id = :study", study=outdated)
    run_sql(platform, "UPDATE idh.study SET revision = 2 WHERE study_id = :study", study=grown)
    run_sql(
        platform,
        "INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options, answer, answered_by, "
        "answered_at) SELECT 'automatic_roi', study_id, 'e', patient_key, '{}', '{accept}', 'accept', 'mary', "
        "now() + interval '1 minute' FROM idh.study WHERE study_id = :study",
        study=accepted,
    )
    due = due_for_preprocessing(platform)
    assert due == {new, outdated, grown, accepted}
    assert due_on_the_page_of_studies(platform) == due
    morning = morning_of(platform)
    assert (morning.due.studies, morning.due.again) == (4, 2)
    by_state = {state: studies(platform, StudyFilter(state=state), 1).listing.rows for state in State}
    assert {row.study_id for row in by_state[State.AFTER_SURGERY]} == {after_surgery}
    assert {row.study_id for row in by_state[State.NO_PATCH]} == {proposed}
    assert sum(map(len, by_state.values())) == 7
    assert {state: {row.state for row in rows} <= {state} for state, rows in by_state.items()} == dict.fromkeys(
        State, True
    )


def test_a_tile_counts_what_its_link_lists_to_the_second(platform: Platform) -> None:
    now = datetime.now(UTC).replace(microsecond=600_000)
    for number, seconds in enumerate((-1.0, 0.0, 0.3, 60.0)):
        study_id = add_study(platform, f"s{number}", SURGERY, f"p{number}")
        run_sql(
            platform,
            "UPDATE idh.study SET ingested_at = :moment WHERE study_id = :study",
            moment=now.replace(microsecond=0) - timedelta(days=1) + timedelta(seconds=seconds),
            study=study_id,
        )
    morning = tonight(platform, now)
    since = ENVIRONMENT.filters["moment"](morning.since)
    found = studies(platform, StudyFilter(since=datetime.fromisoformat(since)), 1).listing.rows
    assert morning.tiles.came == len(found) == 3


def test_a_source_that_could_not_be_listed_is_in_the_band_and_in_its_row(platform: Platform) -> None:
    away = PacsSettings(host="127.0.0.1", port=1, called_aet="A", calling_aet="B", timeout_s=2)
    impaired = Platform(platform.settings.model_copy(update={"pacs": away}))
    drop(impaired, "one", study())
    with pytest.raises(RunRefusedError, match="pacs could not be listed"):
        night.ingest(impaired)
    morning = morning_of(platform)
    [pacs] = [balance for balance in morning.balances if balance.source == "pacs"]
    assert (pacs.listed, pacs.flag) == (False, Code.E_PACS)
    [alarm] = morning.alarms()
    assert (alarm.source, alarm.code) == ("pacs", Code.E_PACS)
    assert alarm.reason
    reached = {row.source.value: row.reached for row in sources(platform, {}, []).rows}
    assert reached["pacs"] is None
    assert morning.tiles.came == 1


def test_a_source_that_is_listed_again_leaves_the_band(platform: Platform) -> None:
    for listed in (False, True):
        run_sql(
            platform,
            "INSERT INTO idh.ingest_night (source, found, new, unchanged, quarantined, failed, vanished, flag, listed) "
            "VALUES ('pacs', 0, 0, 0, 0, 0, 0, :flag, :listed)",
            flag=None if listed else "E_PACS",
            listed=listed,
        )
    assert morning_of(platform).alarms() == []


@pytest.mark.parametrize("broken", ["sqlite:////nowhere/lis.db"])
def test_a_view_that_cannot_be_read_is_in_the_band_although_files_were_read_after_it(
    platform: Platform, broken: str
) -> None:
    rows = b"report_id,version\n"
    platform.pathology_drop.put("pathology/a.csv", rows)
    impaired = Platform(platform.settings.model_copy(update={"pathology_url": SecretStr(broken)}))
    with pytest.raises(IdhError):
        feed.load_reports(impaired)
    alarms = [alarm for alarm in morning_of(platform).alarms() if alarm.source == FeedSource.LABORATORY]
    assert [alarm.code for alarm in alarms] == [Code.E_LABORATORY]


def test_the_history_of_the_feed_has_the_latest_readings_and_no_more(platform: Platform) -> None:
    assert morning_of(platform).readings == []
    run_sql(
        platform,
        "INSERT INTO idh.feed_night (source, rows_there, reports_read, reports_new, held) "
        "SELECT 'laboratory', n, n, 1, 0 FROM generate_series(1, :n) AS n",
        n=READINGS + 5,
    )
    morning = morning_of(platform)
    assert [reading.rows_there for reading in morning.readings] == list(range(READINGS + 5, 5, -1))
    assert [reading.rows_there for reading in morning.feed] == [READINGS + 5]
