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


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("AUC -0.024 [-0.148, +0.101]", "AUC −0.024 [−0.148, +0.101]"),
        ("-0.04", "−0.04"),
        ("-.5", "−.5"),
        ("noticed in 38% of such", "noticed in 38\N{NO-BREAK SPACE}% of such"),
        ("on 2026-11-27 for T1-weighted images 3-5", "on 2026-11-27 for T1-weighted images 3-5"),
    ],
)
def test_numbers_in_sentences_have_a_true_minus_and_a_space_before_per_cent(text: str, written: str) -> None:
    assert ENVIRONMENT.filters["typeset"](text) == written


def test_sequences_are_in_the_order_of_the_protocol() -> None:
    assert ENVIRONMENT.filters["in_order"](sorted(SIX)) == ["T1", "T2", "FLAIR", "MPRAGE", "RCBV", "ADC"]
