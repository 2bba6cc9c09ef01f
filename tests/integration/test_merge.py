"""Merges of patients: a person is never in two folds, in whatever order the registry reports the merges."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from idh_tasks.db import datasets, reviews
from idh_tasks.domain.pathology import FeedContent, MergeNotice
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.link import cases, cohort
from idh_tasks.pipelines.link.store_feed import store_content
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.train.freeze import freeze_cohort
from tests.database import run_sql
from tests.integration.test_link import ISSUER, SURGERY, add_study, linked, report
from tests.roles import database_as
from tests.seed import seed_cohort

START = datetime(2019, 1, 1, tzinfo=UTC)


def merged(prior: str, surviving: str, day: int = 0, *, undone: bool = False, issuer: str = ISSUER) -> MergeNotice:
    return MergeNotice(issuer, prior, surviving, START + timedelta(days=day), undone)


def deliver_merges(platform: Platform, *notices: MergeNotice) -> None:
    with database_as(platform, Role.LINK).begin() as transaction:
        store_content(platform, transaction, FeedContent(merges=notices))
    cases.link_cases(platform)


def eligible_patients(platform: Platform) -> set[str]:
    """Return the keys under which patients are eligible for a dataset."""
    with platform.database.begin() as transaction:
        return {m.patient_key for m, _ in datasets.eligible_members(transaction, preprocessing_version(platform))}


def test_l01_merged_patients_are_one_person_in_the_dataset(platform: Platform) -> None:
    seed_cohort(platform, 1, 2)
    assert len(eligible_patients(platform)) == 3
    deliver_merges(platform, merged("1", "2"))
    assert len(eligible_patients(platform)) == 2


def test_l01_a_report_under_one_key_labels_the_study_under_the_other_by_the_true_interval(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY - timedelta(days=90), patient="new")
    late = add_study(platform, "late", SURGERY + timedelta(days=1), patient="new")
    assert linked(platform, report(patient_id="old")) == {}
    deliver_merges(platform, merged("old", "new"))
    assert linked(platform) == {study: ("OK", True), late: ("W_POSTOP", False)}


def test_l02_an_undone_merge_separates_the_patients_again(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY, patient="new")
    linked(platform, report(patient_id="old"))
    deliver_merges(platform, merged("old", "new"))
    assert linked(platform) == {study: ("OK", True)}
    deliver_merges(platform, merged("old", "new", day=5, undone=True))
    assert linked(platform) == {}
    assert run_sql(platform, "SELECT undone FROM idh.merge_event ORDER BY effective_at") == [(False,), (True,)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_registrys_latest_statement_counts_in_whatever_order_they_arrive(
    platform: Platform, order: tuple[int, ...]
) -> None:
    study = add_study(platform, "s", SURGERY, patient="new")
    linked(platform, report(patient_id="old"))
    statements = [merged("old", "new", 0), merged("old", "new", 1, undone=True), merged("old", "new", 2)]
    for number in order:
        deliver_merges(platform, statements[number])
    assert linked(platform) == {study: ("OK", True)}


def test_patients_with_different_birth_dates_are_not_merged_until_a_reviewer_confirms_it(platform: Platform) -> None:
    add_study(platform, "s1", SURGERY, patient="a")
    add_study(platform, "s2", SURGERY, patient="b", birth_date=date(1970, 1, 1))
    deliver_merges(platform, merged("a", "b"))
    assert run_sql(platform, "SELECT count(*) FROM idh.person") == [(0,)]
    with platform.database.begin() as transaction:
        assert [review.kind for review in reviews.list_reviews(transaction)] == ["merge_mismatch"]


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


def _random_merges(rng: random.Random) -> dict[str, str]:
    """Return surviving keys by prior key: a few merges inside each cohort."""
    survivors: dict[str, str] = {}
    for group in range(COHORTS):
        for _ in range(rng.randint(0, 4)):
            prior, surviving = rng.sample(range(PATIENTS), 2)
            survivors[f"{group:04d}-{prior}"] = f"{group:04d}-{surviving}"
    return survivors


def _connected(keys: list[str], survivors: dict[str, str]) -> dict[str, set[str]]:
    """Return for each key the keys of the same person, by a method of its own."""
    persons: dict[str, set[str]] = {key: {key} for key in keys}
    for prior, surviving in survivors.items():
        joined = persons[prior] | persons[surviving]
        for key in joined:
            persons[key] = joined
    return persons


def test_in_1000_random_cohorts_with_merges_no_person_has_two_keys(platform: Platform) -> None:
    keys = [f"{group:04d}-{number}" for group in range(COHORTS) for number in range(PATIENTS)]
    survivors = _random_merges(random.Random(5))
    version = preprocessing_version(platform)
    run_sql(platform, POPULATE, keys=keys, version=version)
    run_sql(
        platform,
        "INSERT INTO idh.merge_event SELECT p, p, s, false, now(), 'registry', now() "
        "FROM unnest(CAST(:prior AS text[]), CAST(:surviving AS text[])) AS merges (p, s)",
        prior=list(survivors),
        surviving=list(survivors.values()),
    )
    cases.link_cases(platform)

    connected = _connected(keys, survivors)
    with platform.database.begin() as transaction:
        members = datasets.eligible_members(transaction, version)
    persons = {min(connected[member.patient_key]) for member, _ in members}
    assert len(members) == len(persons)
    assert persons == {min(joined) for joined in connected.values()}
    assert len(keys) - len(persons) > COHORTS


def affected(platform: Platform) -> dict[str, int]:
    rows = run_sql(platform, "SELECT code, count(DISTINCT patient_key) FROM idh.affected_member GROUP BY code")
    return {str(code): int(patients) for code, patients in rows}


def test_p05_a_changed_label_lists_what_used_the_old_one_and_the_next_dataset_uses_the_new_one(
    platform: Platform,
) -> None:
    seed_cohort(platform, 5, 10)
    old = freeze_cohort(platform, force=True)
    assert affected(platform) == {}
    run_sql(
        platform,
        "INSERT INTO idh.report SELECT (jsonb_populate_record(r, changes)).* FROM idh.report r, "
        "jsonb_build_object('version', 2, 'idh_status', 'wildtype') AS changes WHERE report_key = 'report0'",
    )
    cases.link_cases(platform)
    assert affected(platform) == {"W_LABEL_CHANGED": 1}
    used = cohort.affected(platform, "report0")
    assert {(member.run_id, member.code, member.mutant) for member in used} == {(old.run_id, "W_LABEL_CHANGED", True)}
    assert len(used) == 6
    with platform.database.begin() as transaction:
        members = datasets.eligible_members(transaction, preprocessing_version(platform))
    secret = platform.pseudonymiser
    assert {m.mutant for m, _ in members if m.patient_key == secret.patient("H", "0")} == {False}
    with pytest.raises(RunRefusedError, match="E_NO_REPORT"):
        cohort.affected(platform, "unknown")


def test_l02_a_dataset_frozen_under_a_merge_is_affected_by_its_reversal(platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    deliver_merges(platform, merged("8", "9"))
    freeze_cohort(platform, force=True)
    assert affected(platform) == {}
    deliver_merges(platform, merged("8", "9", day=3, undone=True))
    secret = platform.pseudonymiser
    rows = run_sql(platform, "SELECT DISTINCT patient_key FROM idh.affected_member")
    assert {key for (key,) in rows} <= {secret.patient("H", "9")}


def test_p07_a_withdrawn_label_is_reported(platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    freeze_cohort(platform, force=True)
    run_sql(platform, "UPDATE idh.report SET report_status = 'cancelled' WHERE report_key = 'report3'")
    cases.link_cases(platform)
    assert affected(platform) == {"W_LABEL_WITHDRAWN": 1}
