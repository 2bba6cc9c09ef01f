"""The fingerprint of a listed study changes with everything that the listing states of it, and tells nothing."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest.sources.items import fingerprint
from idh_tasks.pipelines.platform import Platform

PLATFORM = cast("Platform", SimpleNamespace(pseudonymiser=Pseudonymiser("s" * 32)))
STUDY = PacsStudy("1.2.3", "20180304", 40, 2, "P1", "H", "19600102", "A1", "MR head", frozenset({"MR", "SR"}))


@pytest.mark.parametrize(
    "changed",
    [
        {"patient_id": "P2"}, {"issuer": "X"}, {"birth_date": "19600103"}, {"accession": "A2"}, {"instances": 41},
        {"series": 3}, {"modalities": frozenset({"MR"})}, {"patient_id": "", "issuer": "P1"},
    ],
)  # fmt: skip
def test_every_stated_change_makes_another_fingerprint(changed: dict[str, Any]) -> None:
    assert fingerprint(PLATFORM, replace(STUDY, **changed)) != fingerprint(PLATFORM, STUDY)


def test_a_corrected_date_or_description_is_not_fetched_for() -> None:
    other = replace(STUDY, study_date="20180305", description="brain")
    assert fingerprint(PLATFORM, other) == fingerprint(PLATFORM, STUDY)


def test_the_order_of_modalities_does_not_matter_and_nothing_is_legible() -> None:
    swapped = replace(STUDY, modalities=frozenset(["SR", "MR"]))
    assert fingerprint(PLATFORM, swapped) == fingerprint(PLATFORM, STUDY)
    assert not {"P1", "19600102", "A1"} & set(fingerprint(PLATFORM, STUDY).split())
