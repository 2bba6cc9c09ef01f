"""How the series of the simulated PACS are acquired: what their headers state, and whether intake may need them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydicom.uid import (
    BasicTextSRStorage,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    MRImageStorage,
    UltrasoundImageStorage,
)

Need = Literal["wanted", "unwanted", "either"]
"""Whether a series of a head can be one of the six sequences or a source of one; `either` leaves it to the filter."""


@dataclass(frozen=True)
class Recipe:
    """One kind of series: its modality, its SOP class, what all its instances state, and how many there are.

    `b_values` and `time_points` repeat the slices; `names` are descriptions in several dialects.
    """

    names: tuple[str, ...]
    slices: int
    header: Mapping[str, Any] = field(default_factory=dict)
    modality: str = "MR"
    sop_class: str = MRImageStorage
    need: Need = "wanted"
    b_values: tuple[float, ...] = ()
    time_points: int = 1

    @property
    def instances(self) -> int:
        """Return the number of instances."""
        return self.slices * max(1, len(self.b_values)) * self.time_points


def _mr(scanning: str, tr: float, te: float, **more: Any) -> dict[str, Any]:
    timing = {"ScanningSequence": scanning.split("\\"), "SequenceVariant": "SK", "ScanOptions": ""}
    return timing | {"RepetitionTime": str(tr), "EchoTime": str(te), "MRAcquisitionType": "2D"} | more


RECIPES: Mapping[str, Recipe] = {
    "T1": Recipe(("t1_se_tra", "Ax T1 SE", "T1W_SE"), 4, _mr("SE", 600, 10, FlipAngle="90")),
    "T2": Recipe(("t2_tse_tra", "AX T2 FRFSE", "T2W_TSE"), 4, _mr("SE", 4800, 98, EchoTrainLength=15)),
    "FLAIR": Recipe(
        ("t2_flair_axial", "Ax FLAIR", "FLAIR_longTR"), 4, _mr("SE\\IR", 9420, 141, InversionTime="2500")
    ),
    "MPRAGE": Recipe(
        ("t1_mprage_sag_km", "Ax MPRAGE 3D +C", "MPRAGE T +C"), 6,
        _mr("GR\\IR", 1760, 3.1, InversionTime="950", MRAcquisitionType="3D", FlipAngle="15",
            ContrastBolusAgent="DOTAREM"),
    ),
    "DWI": Recipe(
        ("ep2d_diff_3scan_trace", "Ax DWI b1000", "DWI 2 b TRANS"), 4, _mr("EP", 4900, 83), b_values=(0.0, 1000.0)
    ),
    "DSC": Recipe(
        ("ep2d_perf BOLUS", "Ax DSC PERFUSION", "DSC FFE-EPI"), 4,
        _mr("EP", 1500, 30, ContrastBolusAgent="DOTAREM"), time_points=6,
    ),
    "LOC": Recipe(("localizer", "3-plane Loc", "Survey"), 1, _mr("GR", 8, 3), need="unwanted"),
    "TOF": Recipe(("TOF_3D_multi-slab", "3D TOF MRA"), 2, _mr("GR", 22, 3.6), need="unwanted"),
    "SWI": Recipe(("SWI_Images", "SWAN"), 2, _mr("GR", 27, 20), need="unwanted"),
    "SR": Recipe(("Report",), 1, modality="SR", sop_class=BasicTextSRStorage, need="unwanted"),
    "KO": Recipe(("Key images",), 1, modality="KO", sop_class=KeyObjectSelectionDocumentStorage, need="unwanted"),
    "PR": Recipe(
        ("",), 1, modality="PR", sop_class=GrayscaleSoftcopyPresentationStateStorage, need="unwanted"
    ),
    "PD": Recipe(("pd_tse_fs_sag", "Sag PD FS", "PDW_SPAIR sag"), 2, _mr("SE", 3000, 30)),
    "BODY_T1": Recipe(("t1_tse_sag", "Sag T1 FSE", "T1W_TSE"), 2, _mr("SE", 550, 10)),
    "BODY_T2": Recipe(("t2_tse_sag", "Sag T2 FSE", "T2W_TSE sag"), 2, _mr("SE", 3500, 100)),
    "CT": Recipe(("1.5 mm", "Std", "Weichteil"), 2, modality="CT", sop_class=CTImageStorage, need="unwanted"),
    "CR": Recipe(("",), 1, modality="CR", sop_class=ComputedRadiographyImageStorage, need="unwanted"),
    "US": Recipe(("",), 1, modality="US", sop_class=UltrasoundImageStorage, need="unwanted"),
}  # fmt: skip
