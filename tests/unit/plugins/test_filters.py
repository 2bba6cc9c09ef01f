"""How values are written on the pages."""

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT

from idh_tasks.domain.sequence import MODEL_SEQUENCES

SIX = [sequence.value for sequence in MODEL_SEQUENCES]


@pytest.mark.parametrize(
    ("sequences", "written"),
    [
        (SIX, "all"),
        ([name for name in SIX if name != "RCBV"], "5 of 6, no rCBV"),
        (["T1"], "1 of 6, no T2, FLAIR, MPRAGE, rCBV, ADC"),
        ([], "–"),
    ],
)
def test_patches_are_written_by_what_a_study_lacks(sequences: list[str], written: str) -> None:
    assert ENVIRONMENT.filters["patches"](sequences) == written


@pytest.mark.parametrize(
    ("value", "written"), [(0.0052, "+0.005"), (-0.0032, "−0.003"), (-0.0001, "0.000"), (0.0, "0.000")]
)
def test_nought_has_no_sign(value: float, written: str) -> None:
    assert ENVIRONMENT.filters["signed"](value) == written
