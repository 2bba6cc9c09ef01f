"""What a series may be by physics or name, and what its physics excludes whatever it is called."""

from typing import Any

import pytest

from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.intake.naming.candidates import series_physics
from idh_tasks.intake.naming.physics import read_physics
from tests.factories import instance

SE_T1 = {"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "10", "MRAcquisitionType": "2D"}
MPRAGE = {"ScanningSequence": ["GR", "IR"], "RepetitionTime": "1900", "EchoTime": "2.5", "InversionTime": "900",
          "MRAcquisitionType": "3D"}  # fmt: skip
UNKNOWN = {"ScanningSequence": "GR", "RepetitionTime": "700", "EchoTime": "20", "MRAcquisitionType": "2D"}
DWI = {"ScanningSequence": "EP", "RepetitionTime": "5000", "EchoTime": "90", "DiffusionBValue": 1000.0}
NO_TIMING = {"ScanningSequence": "", "RepetitionTime": "", "EchoTime": ""}


def of(name: str, header: dict[str, Any]) -> tuple[str, str]:
    """Return what a series permits and what it may be, in words."""
    kept = series_physics(read_physics([instance(**header | {"SeriesDescription": name})]))
    return " ".join(sorted(kept.permitted)), " ".join(sorted(kept.may_be))


@pytest.mark.parametrize(
    ("name", "header", "permitted", "may_be"),
    [
        ("t2_tse", SE_T1, "OTHER T1 T1C", "T1 T1C T2"),
        ("t2_tse km", SE_T1, "OTHER T1 T1C", "T1C T2"),
        ("t1_mprage", MPRAGE, "MPRAGE OTHER T1 T1C", "MPRAGE T1 T1C"),
        ("t1_mprage km", MPRAGE, "MPRAGE OTHER T1 T1C", "MPRAGE T1C"),
        ("t1_mprage nativ", MPRAGE, "MPRAGE OTHER T1 T1C", "T1"),
        ("t2_tse", NO_TIMING, " ".join(sorted(MrSequence)), "T2"),
        ("xyz", NO_TIMING, " ".join(sorted(MrSequence)), " ".join(sorted(MODEL_SEQUENCES))),
        ("dwi", DWI | {"ImageType": ["DERIVED", "PRIMARY", "OTHER"]}, "ADC DWI OTHER", "DWI"),
    ],
)
def test_what_remains_possible(name: str, header: dict[str, Any], permitted: str, may_be: str) -> None:
    assert of(name, header) == (permitted, may_be)
