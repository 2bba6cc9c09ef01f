"""Merges of patients: one person in one fold, whatever the registry says in which order."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import text

from idh_tasks.db import datasets
from idh_tasks.domain.pathology import Delivery, MergeNotice
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.link import cases, cohort, feed
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.train.freeze import freeze_cohort
from tests.integration.test_link import ISSUER, SURGERY, add_study, linked, report
from tests.seed import seed_cohort

START = datetime(2019, 1, 1, tzinfo=UTC)


def merged(prior: str, surviving: str, day: int = 0, *, undone: bool = False, issuer: str = ISSUER) -> MergeNotice:
    return MergeNotice(issuer, prior, surviving, START + timedelta(days=day), undone)


def tell(platform: Platform, *notices: MergeNotice) -> None:
    with platform.database.begin() as transaction:
        feed.store(platform, transaction, Delivery(merges=notices))
    cases.link_cases(platform)


def people(platform: Platform) -> set[str]:
    """Return under how many keys eligible patients are known."""
    with platform.database.begin() as transaction:
        return {m.patient_key for m, _ in datasets.eligible_members(transaction, preprocessing_version(platform))}


def test_l01_two_series_of_merged_patients_are_one_person_in_the_dataset(platform: Platform) -> None:
    seed_cohort(platform, 1, 2)
    assert len(people(platform)) == 3
    tell(platform, merged("1", "2"))
    assert len(people(platform)) == 2


def test_l01_the_report_of_one_key_labels_the_study_of_the_other_by_true_days(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY - timedelta(days=90), patient="new")
    late = add_study(platform, "late", SURGERY + timedelta(days=1), patient="new")
    assert linked(platform, report(patient_id="old")) == {}
    tell(platform, merged("old", "new"))
    assert linked(platform) == {study: ("OK", True), late: ("W_POSTOP", False)}


def test_l02_an_unmerge_restores_the_split_and_flags_what_was_trained(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY, patient="new")
    linked(platform, report(patient_id="old"))
    tell(platform, merged("old", "new"))
    assert linked(platform) == {study: ("OK", True)}
    tell(platform, merged("old", "new", day=5, undone=True))
    assert linked(platform) == {}
    with platform.database.begin() as transaction:
        events = transaction._connection.execute(text("SELECT undone FROM idh.merge_event ORDER BY effective_at"))
        assert events.scalars().all() == [False, True]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_last_word_of_the_registry_counts_in_whatever_order_it_is_heard(
    platform: Platform, order: tuple[int, ...]
) -> None:
    study = add_study(platform, "s", SURGERY, patient="new")
    linked(platform, report(patient_id="old"))
    words = [merged("old", "new", 0), merged("old", "new", 1, undone=True), merged("old", "new", 2)]
    for number in order:
        tell(platform, words[number])
    assert linked(platform) == {study: ("OK", True)}


def test_patients_of_another_birth_date_are_not_merged_until_a_person_says_so(platform: Platform) -> None:
    add_study(platform, "s1", SURGERY, patient="a")
    add_study(platform, "s2", SURGERY, patient="b", birth_date=date(1970, 1, 1))
    tell(platform, merged("a", "b"))
    with platform.database.begin() as transaction:
        assert transaction._connection.execute(text("SELECT count(*) FROM idh.person")).scalar_one() == 0
        assert [row["kind"] for row in transaction.rows("reviews/select_reviews", review_id=None, all=False)] == [
            "merge_mismatch"
        ]


COHORTS, PATIENTS = 1000, 6

POPULATE = """
INSERT INTO idh.patient (patient_key, sex) SELECT k, 'F' FROM unnest(CAST(:keys AS text[])) AS k;
INSERT INTO idh.study (study_id, patient_key, content_hash, study_date, age_years, manufacturer)
SELECT 's' || k, k, 'h', date '2018-01-01' - right(k, 1)::integer, 60, 'none' FROM unnest(CAST(:keys AS text[])) AS k;
INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances)
SELECT 's' || k, 1, 't1', 'T1', 'high', '', 'o', 'h', 1 FROM unnest(CAST(:keys AS text[])) AS k;
INSERT INTO idh.report (report_key, version, patient_key, report_status, glioblastoma, surgery_date, idh_status, rule,
    evidence, who_2016, who_2021)
SELECT 'r' || k, 1, k, 'final', true, '2018-01-05', 'wildtype', '', '', '', '' FROM unnest(CAST(:keys AS text[])) AS k;
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256)
SELECT 'p' || k, 's' || k, 1, 'T1', :version, 'acquired', 'o', 'h' FROM unnest(CAST(:keys AS text[])) AS k
"""


def test_never_one_person_under_two_keys_in_1000_random_cohorts_with_merges(platform: Platform) -> None:
    """Merges are drawn at random inside each cohort; who is one person is found by a walk of its own here."""
    rng = random.Random(5)
    keys = [f"{group:04d}-{number}" for group in range(COHORTS) for number in range(PATIENTS)]
    onward: dict[str, str] = {}
    for group in range(COHORTS):
        for _ in range(rng.randint(0, 4)):
            prior, surviving = rng.sample(range(PATIENTS), 2)
            onward[f"{group:04d}-{prior}"] = f"{group:04d}-{surviving}"
    with platform.database.begin() as transaction:
        transaction._connection.execute(text(POPULATE), {"keys": keys, "version": preprocessing_version(platform)})
        events = "INSERT INTO idh.merge_event VALUES (:p, :p, :s, false, now(), 'registry', now())"
        transaction._connection.execute(text(events), [{"p": p, "s": s} for p, s in onward.items()])
    cases.link_cases(platform)

    neighbours: dict[str, set[str]] = {key: {key} for key in keys}
    for prior, surviving in onward.items():
        joined = neighbours[prior] | neighbours[surviving]
        for key in joined:
            neighbours[key] = joined
    with platform.database.begin() as transaction:
        rows = transaction.rows("datasets/select_eligible_patches", settings_hash=preprocessing_version(platform))
    persons = {min(neighbours[row["patient_key"]]) for row in rows}
    assert len(rows) == len(persons)
    assert persons == {min(joined) for joined in neighbours.values()}
    assert len(keys) - len(persons) > COHORTS


def affected(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        listing = "SELECT code, count(DISTINCT patient_key) AS patients FROM idh.affected_member GROUP BY code"
        return {row.code: row.patients for row in transaction._connection.execute(text(listing))}


def test_p05_a_turned_label_lists_what_used_the_old_one_and_the_next_dataset_uses_the_new(platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    old = freeze_cohort(platform, force=True)
    assert affected(platform) == {}
    with platform.database.begin() as transaction:
        amended = (
            "INSERT INTO idh.report SELECT (jsonb_populate_record(r, changes)).* FROM idh.report r, jsonb_build_object("
        )
        amended += "'version', 2, 'idh_status', 'wildtype') AS changes WHERE report_key = 'report0'"
        transaction._connection.execute(text(amended))
    cases.link_cases(platform)
    assert affected(platform) == {"W_LABEL_CHANGED": 1}
    found = cohort.affected(platform, "report0")
    assert {(one.run_id, one.code, one.mutant) for one in found} == {(old.run_id, "W_LABEL_CHANGED", True)}
    assert len(found) == 6
    with platform.database.begin() as transaction:
        members = datasets.eligible_members(transaction, preprocessing_version(platform))
    secret = platform.pseudonymiser
    assert {m.mutant for m, _ in members if m.patient_key == secret.patient("H", "0")} == {False}
    with pytest.raises(RunRefusedError, match="E_NO_REPORT"):
        cohort.affected(platform, "unknown")


def test_l02_datasets_made_under_a_merge_are_affected_by_its_undoing(platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    tell(platform, merged("8", "9"))
    freeze_cohort(platform, force=True)
    assert affected(platform) == {}
    tell(platform, merged("8", "9", day=3, undone=True))
    secret = platform.pseudonymiser
    with platform.database.begin() as transaction:
        rows = transaction._connection.execute(text("SELECT DISTINCT patient_key FROM idh.affected_member")).scalars()
        assert set(rows) <= {secret.patient("H", "9")}


def test_p07_a_withdrawn_label_is_told(platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    freeze_cohort(platform, force=True)
    with platform.database.begin() as transaction:
        transaction._connection.execute(
            text("UPDATE idh.report SET report_status = 'cancelled' WHERE report_key = 'report3'")
        )
    cases.link_cases(platform)
    assert affected(platform) == {"W_LABEL_WITHDRAWN": 1}
