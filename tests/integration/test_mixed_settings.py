"""A dataset has patches of one version of the settings only, and its baselines compare rCBV on one scale only."""

import json
from collections.abc import Mapping

import pytest

from idh_tasks.db import datasets
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.train import freeze
from idh_tasks.settings import ImagingSettings
from tests.database import run_sql
from tests.seed import seed_cohort

MUTANTS, WILDTYPES = 10, 12
CUT_BEFORE = """
UPDATE idh.patch SET settings_hash = :version
WHERE study_id IN (SELECT study_id FROM idh.study ORDER BY study_id LIMIT 3)
"""
RCBV_OF_ONE = """
UPDATE idh.patch SET quality = CAST(:quality AS jsonb), origin = CAST(:origin AS jsonb), provenance = :provenance
WHERE sequence = 'RCBV' AND study_id = (SELECT min(study_id) FROM idh.study)
"""
VERSIONS = """
SELECT DISTINCT p.settings_hash FROM idh.dataset_member AS m JOIN idh.patch AS p USING (patch_id)
"""


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, MUTANTS, WILDTYPES)
    return platform


def with_rcbv_of_the_brain(platform: Platform) -> Platform:
    """Return the platform with the other normalisation of rCBV."""
    imaging = ImagingSettings(rcbv_reference="brain")
    return Platform(platform.settings.model_copy(update={"imaging": imaging}))


def test_patches_of_another_normalisation_of_rcbv_are_not_in_the_dataset_and_are_counted_apart(
    cohort: Platform,
) -> None:
    other = preprocessing_version(with_rcbv_of_the_brain(cohort))
    assert other != preprocessing_version(cohort)
    run_sql(cohort, CUT_BEFORE, version=other)
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    assert due.reason.startswith(f"{MUTANTS + WILDTYPES - 3} labelled patients; ")
    assert due.reason.endswith("; left out until they are prepared again with the present settings: 3 labelled studies")
    assert run_sql(cohort, VERSIONS) == [(preprocessing_version(cohort),)]
    [(members,)] = run_sql(cohort, "SELECT count(*) FROM idh.dataset_member")
    assert members == (MUTANTS + WILDTYPES - 3) * len(MODEL_SEQUENCES)


def test_a_dataset_of_present_patches_only_leaves_nothing_out(cohort: Platform) -> None:
    assert "left out" not in freeze.freeze_cohort(cohort, force=True).reason


@pytest.mark.parametrize(
    ("quality", "origin", "provenance", "counts"),
    [
        ({}, {"reference": "MPRAGE", "settings": {"rcbv_reference": "white_matter"}}, "computed", True),
        ({"flags": ["W_DWI_MOTION"]}, {"reference": "T1C"}, "vendor", True),
        ({"flags": ["W_RCBV_REFERENCE"]}, {"reference": "MPRAGE"}, "computed", False),
        ({}, {"reference": "T2", "settings": {"rcbv_reference": "white_matter"}}, "computed", False),
        ({}, {"reference": "T2", "settings": {"rcbv_reference": "brain"}}, "computed", True),
        ({}, {"reference": "MPRAGE", "settings": {"rcbv_reference": "brain"}}, "vendor", False),
    ],
    ids=["white matter", "another flag", "no white matter", "T2", "brain by rule", "vendor's own"],
)
def test_a_mean_rcbv_on_another_scale_is_not_compared_with_those_of_the_others(
    cohort: Platform, quality: Mapping[str, object], origin: Mapping[str, object], provenance: str, counts: bool
) -> None:
    values = {"quality": json.dumps(quality), "origin": json.dumps(origin), "provenance": provenance}
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    run_sql(cohort, RCBV_OF_ONE, **values)
    with cohort.database.begin() as transaction:
        known = [row.mean_rcbv is not None for row in datasets.features(transaction, due.run_id)]
    assert known.count(False) == (0 if counts else 1)
