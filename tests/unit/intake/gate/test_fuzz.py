"""A part of `make fuzz`: however a file is mutated, the gate admits it or raises its own error."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.instance import admit
from tests.factories import dicom_bytes, instance
from tools.fuzz import outcomes, seeds

# pydicom warns of every unknown tag that a mutation creates.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def test_two_thousand_mutations_of_a_synthetic_file() -> None:
    counts = set(outcomes([dicom_bytes(instance())], 2000, seed=2))
    assert counts > {"passed", "E_PIXEL_LENGTH", "E_FILE_META"}


@pytest.mark.real_data
def test_mutations_of_real_files(real_data: Path) -> None:
    assert "E_PIXEL_LENGTH" in set(outcomes(seeds(real_data / "dicom"), 1000, seed=3))


@settings(max_examples=200, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=600), st.integers(0, 600))
def test_arbitrary_bytes_at_any_position(piece: bytes, at: int) -> None:
    content = dicom_bytes(instance())
    with contextlib.suppress(InstanceRejectedError):
        assert admit(content[:at] + piece + content[at:]).ds.PixelData
