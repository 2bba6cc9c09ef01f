"""A patient who withdraws: none of their data remain stored, and the models trained on them are named."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pytest
from pydicom.uid import UID

from idh_tasks.db import cohort, datasets
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError, StudyQuarantinedError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.train.freeze import freeze_cohort
from idh_tasks.pipelines.train.sequence import train_sequence
from idh_tasks.pipelines.train.twin_search import search_twins
from tests.database import run_sql
from tests.hospital import drop, study
from tests.integration.test_link import add_study, deliver, report
from tests.integration.test_merge import deliver_merges, merged
from tests.seed import seed_cohort

EVERYWHERE = """
SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
WHERE table_schema IN ('idh', 'phi') AND table_type = 'BASE TABLE'
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"


def mentions(platform: Platform, needle: str) -> set[str]:
    """Return the tables that contain a text anywhere."""
    tables = [name for (name,) in run_sql(platform, EVERYWHERE)]
    search = "SELECT 1 FROM {} AS r WHERE r::text LIKE :needle LIMIT 1"
    return {name for name in tables if run_sql(platform, search.format(name), needle=f"%{needle}%")}


def test_h12_everything_about_a_patient_is_deleted_and_their_models_are_named(platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    run = freeze_cohort(platform, force=True)
    assert run.run_id is not None
    assert search_twins(platform, run.run_id) == 0
    deliver_merges(platform, merged("1", "14"))
    secret = platform.pseudonymiser
    merged_keys = [secret.patient("H", "1"), secret.patient("H", "14")]
    studies = [secret.study("1"), secret.study("14")]
    erased = erasure.erase(platform, merged_keys[1], "mary")
    assert erased.patient_keys == sorted(merged_keys)
    assert erased.rows["patches"] == 12
    assert erased.rows["places in datasets"] == 12
    assert erased.rows["places in folds"] == 6
    assert {model.run_id for model in erased.models} == {run.run_id}
    for needle in (*merged_keys, *studies, "report14"):
        assert mentions(platform, needle) <= {"idh.erasure", "idh.audit_event"}
    assert not [item for s in studies for item in platform.store.listed(f"patches/{s}/")]
    packs = {key for key in erased.objects if key.startswith("datasets/")}
    assert len(packs) == 6
    assert not packs & {item.key for item in platform.store.listed("datasets/")}
    assert train_sequence(platform, run.run_id, MrSequence.T1) == "E_DATASET_ERASED"
    with platform.database.begin() as transaction:
        assert len(datasets.eligible_members(transaction, preprocessing_version(platform))) == 13 * 6


def test_h12_a_patient_who_withdrew_is_not_ingested_again_and_others_are(platform: Platform) -> None:
    add_study(platform, "s", date(2018, 1, 1))
    deliver(platform, report())
    erasure.erase(platform, platform.pseudonymiser.patient("H", "p1"), "mary")
    deliver(platform, [*report(), *report("r2", patient_id="p2")])
    assert mentions(platform, platform.pseudonymiser.token("report", "H", "r1")) == set()
    assert mentions(platform, platform.pseudonymiser.token("report", "H", "r2"))
    with pytest.raises(StudyQuarantinedError, match="E_WITHDRAWN"):
        add_study(platform, "s", date(2018, 1, 1))


def ended_or_waits(platform: Platform, erased: "Future[erasure.Holdings]") -> bool:
    return erased.done() or run_sql(platform, WAITING) != [(0,)]


def test_a_count_of_the_cohort_at_the_same_time_does_not_keep_an_erased_patient(platform: Platform) -> None:
    seed_cohort(platform, 2, 3)
    key = platform.pseudonymiser.patient("H", "1")
    with ThreadPoolExecutor(1) as pool:
        with platform.database.begin() as transaction:
            cohort.keep_places(transaction, preprocessing_version(platform))
            erased = pool.submit(erasure.erase, platform, key, "mary")
            while not ended_or_waits(platform, erased):
                pass
        erased.result()
    assert mentions(platform, key) <= {"idh.erasure", "idh.audit_event"}
    assert run_sql(platform, "SELECT sum(patients) FROM idh.cohort_group") == [(4,)]


def test_an_unknown_key_is_refused(platform: Platform) -> None:
    with pytest.raises(RunRefusedError, match="E_NO_PATIENT"):
        erasure.holdings(platform, "nobody")


def test_h12_quarantined_bytes_and_originals_are_deleted_too(platform: Platform) -> None:
    keeping = Platform(platform.settings.model_copy(update={"keep_originals": True}))
    instances = study()
    broken = study()[0]
    broken.Rows = 7
    broken.SOPInstanceUID = broken.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.1.99")
    drop(keeping, "one", [*instances, broken])
    night.ingest(keeping, ("bucket",))
    [(key,)] = run_sql(platform, "SELECT patient_key FROM idh.patient")
    erased = erasure.erase(platform, key, "mary")
    assert {name.split("/")[0] for name in erased.objects} >= {"studies", "phi"}
    assert any("quarantine" in name for name in erased.objects)
    assert any("originals" in name for name in erased.objects)
    remaining = {item.key for item in platform.store.listed("")}
    assert not remaining & set(erased.objects)
