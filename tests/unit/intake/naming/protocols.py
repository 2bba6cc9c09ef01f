"""A generator of series as hospitals acquire and name them: physics by family, names by vendor, language and habit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from pydicom import Dataset

ORIGINAL = {"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]}
THREE_D = ORIGINAL | {"MRAcquisitionType": "3D", "SliceThickness": "1"}
TWO_D = ORIGINAL | {"MRAcquisitionType": "2D", "SliceThickness": "5"}
AGENT = {"ContrastBolusAgent": "Gadovist"}


def _timing(scanning: object, tr: float, te: float, ti: float = 0, flip: float = 0) -> dict[str, Any]:
    values = {"RepetitionTime": tr, "EchoTime": te, "InversionTime": ti, "FlipAngle": flip}
    return {"ScanningSequence": scanning} | {name: str(value) for name, value in values.items() if value}


MPRAGE = THREE_D | _timing(["GR", "IR"], 1900, 2.5, 900, 9)
BRAVO = THREE_D | _timing("GR", 8.2, 3.2, 450, 12)
TFE = THREE_D | _timing("GR", 7.5, 3.5, flip=8)
VIBE = THREE_D | _timing("GR", 4.5, 2.0, flip=12)
GRADIENT_3D = (MPRAGE, BRAVO, TFE, VIBE)
T1_SPACE = THREE_D | _timing("SE", 700, 12, flip=120)
T1_SE = TWO_D | _timing("SE", 550, 12, flip=90)
T1_FLASH = TWO_D | _timing("GR", 250, 2.5, flip=70)
T1_FLAIR = TWO_D | _timing(["SE", "IR"], 2200, 20, 860, 111)
T2_TSE = TWO_D | _timing("SE", 5000, 100, flip=150)
T2_SPACE = THREE_D | _timing("SE", 3200, 400, flip=120)
FLAIR = TWO_D | _timing(["SE", "IR"], 9000, 120, 2500, 150)
FLAIR_3D = THREE_D | _timing(["SE", "IR"], 5000, 390, 1800, 120)
DWI = TWO_D | _timing(["SE", "EP"], 6000, 85, flip=90) | {"DiffusionBValue": 1000.0}
DSC = TWO_D | _timing(["GR", "EP"], 1500, 30, flip=60) | AGENT | {"NumberOfTemporalPositions": 50}
BOLD = TWO_D | _timing(["GR", "EP"], 2000, 30, flip=80) | {"NumberOfTemporalPositions": 60}
ASL = TWO_D | _timing(["SE", "EP"], 2500, 12, flip=90) | {"NumberOfTemporalPositions": 90}
DCE = THREE_D | _timing("GR", 4.0, 1.5, flip=15) | AGENT | {"NumberOfTemporalPositions": 40}
SWI = THREE_D | _timing("GR", 28, 20, flip=15)
T2_STAR = TWO_D | _timing("GR", 700, 20, flip=20)
TOF = THREE_D | _timing("GR", 21, 3.6, flip=18)
STEADY_STATE = THREE_D | _timing("GR", 5.6, 2.5, flip=55)
PROTON_DENSITY = TWO_D | _timing("SE", 3000, 15, flip=150)
STIR = TWO_D | _timing(["SE", "IR"], 4500, 50, 160, 150)
MP2RAGE = THREE_D | _timing(["GR", "IR"], 5000, 2.9, 700, 4)


def derived(physics: dict[str, Any], *values: str) -> dict[str, Any]:
    """Return the header of an image that was computed from others: it keeps their timing."""
    return physics | {"ImageType": ["DERIVED", "SECONDARY", *values]}


@dataclass(frozen=True)
class Habit:
    """Names for one kind of series: every combination of the words, and what is right for them."""

    physics: dict[str, Any]
    sequence: str
    words: tuple[tuple[str, ...], ...]
    extra: dict[str, Any] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Yield every combination of the words."""
        yield from ("".join(words) for words in product(*self.words))


BEFORE = (" nativ", " ohne KM", "_oKM", " sans gado", " sans injection", " senza mdc", " sin contraste", " s/c",
          " zonder contrast", " sem contraste", " pre Gd", " w/o contrast", " C-", " basale", " IV-")  # fmt: skip
AFTER = (" KM", "_nKM", " nach KM", " +C", " GADO", " T1 GD", " post", " post KM", " c+", " con mdc", " dopo mdc",
         " avec injection", " con contraste", " met contrast", " com contraste", " MultiHance", " +GADO",
         " CE")  # fmt: skip
AXES = ("tra", "sag", "cor")

HABITS = (
    *(Habit(physics, "T1", (("t1_mprage_", "T1 3D "), AXES[:1], BEFORE)) for physics in GRADIENT_3D[:1]),
    *(Habit(physics, "MPRAGE", (("t1_mprage_", "3D T1 "), AXES[1:2], AFTER)) for physics in GRADIENT_3D[:1]),
    Habit(MPRAGE, "MPRAGE", (("t1_mpr_", "T1 MPR ", "t1_mpr_ns_"), AXES, ("_p2_iso", "", " KM")), AGENT),
    Habit(BRAVO, "MPRAGE", (("Ax ", "SAG 3D ", "COR "), ("BRAVO", "FSPGR BRAVO", "T1 IR-FSPGR"), (" +C", " POST"))),
    Habit(TFE, "MPRAGE", (("T1W_3D_TFE", "sT1W_3D_TFE", "3D T1 TFE SAG", "T1 3D FFE"), ("_GADO", " +C", " gd"))),
    Habit(VIBE, "MPRAGE", (("t1_vibe_tra", "t1_fl3d_tra", "3D EG T1", "LAVA T1"), ("_KM", " post gado"))),
    Habit(T1_SPACE, "T1C", (("t1_space_", "T1 CUBE ", "3D T1 VISTA ", "t1_spc_"), AXES[:2], (" KM", " +C"))),
    Habit(T1_SE, "T1", (("T1 SE ", "t1_tse_", "T1W_TSE_", "T1 assiale ", "FSE T1 "), AXES, ("", " nativ"))),
    Habit(T1_SE, "T1C", (("T1 SE ", "t1_tse_fs_", "T1w ", "T1 FS "), AXES[::2], (" GADO", " KM", " +C", " post"))),
    Habit(T1_FLASH, "T1C", (("t1_fl2d_", "T1 FFE "), AXES, ("_KM", " +C"))),
    Habit(T1_FLAIR, "T1", (("T1 FLAIR ", "AX T1 FLAIR ", "t1_tirm_dark-fluid_"), AXES)),
    Habit(
        T2_TSE,
        "T2",
        (("t2_tse_", "T2W_TSE ", "T2 FRFSE ", "T2 PROPELLER ", "T2 pesata ", "T2-gew. ", "T2 DRIVE "), AXES),
    ),
    Habit(T2_SPACE, "T2", (("t2_space_", "3D T2 CUBE ", "T2 VISTA ", "T2 stealth "), AXES)),
    Habit(FLAIR, "FLAIR", (("t2_tirm_dark-fluid_", "T2 FLAIR ", "FLAIR ", "t2_tirm_", "FLAIR_longTR "), AXES)),
    Habit(
        FLAIR_3D, "FLAIR", (("t2_space_da-fl_", "3D FLAIR ", "CUBE T2 FLAIR ", "FLAIR VISTA "), AXES[1:], ("", " KM"))
    ),
    Habit(
        DWI,
        "DWI",
        (
            (
                "ep2d_diff_3scan_trace",
                "DWI b1000",
                "DTI 64 dir",
                "DWI_SSh",
                "Difusion",
                "RESOLVE",
                "tensor",
                "b1000t",
                "eDWI",
                "diffusione",
                "Diffusiegewogen",
            ),
        ),
    ),
    Habit(
        DSC,
        "DSC",
        (
            (
                "ep2d_perf",
                "T2* Perfusion",
                "PWI T2star DSC",
                "Perfusionsbildgebung",
                "PERF_FEEPI",
                "perfusione T2*",
                "DSC bolus",
                "Perfusion GRE EPI",
            ),
            ("", " KM", "_p2"),
        ),
    ),
    Habit(BOLD, "OTHER", (("ep2d_bold_moco", "fMRI finger", "resting state", "BOLD motor", "Sprache fMRI"),)),
    Habit(ASL, "OTHER", (("pcasl", "ep2d_pasl", "ASL perfusion", "3D pCASL CBF", "arterial spin labeling"),)),
    Habit(DCE, "OTHER", (("DCE", "t1_vibe_dyn", "T1 perfusion", "Ktrans dynamic T1", "twist"),)),
    Habit(SWI, "OTHER", (("SWI", "SWAN", "t2_swi_tra", "T2 SWI3D", "SWIp", "susceptibilite"),)),
    Habit(T2_STAR, "OTHER", (("t2_fl2d_tra_hemo", "T2* GRE", "T2 stern", "T2 EG", "FFE T2", "T2 star", "GRE T2*"),)),
    Habit(TOF, "OTHER", (("tof_fl3d", "3D TOF", "MRA Willis", "angio TOF", "inhance"),)),
    Habit(STEADY_STATE, "OTHER", (("t2_ci3d", "CISS 3D", "FIESTA-C", "B-FFE", "trufi", "t2_ciss_iac"),)),
    Habit(PROTON_DENSITY, "OTHER", (("PD TSE", "pd_t2_tse", "DP axial", "densita protonica PD"),)),
    Habit(STIR, "OTHER", (("STIR cor", "t2_stir", "tirm sag", "T2 STIR"),)),
    Habit(MP2RAGE, "OTHER", (("MP2RAGE_INV1", "mp2rage_INV2", "t1_mp2rage_sag_INV1"),)),
    Habit(derived(MPRAGE, "MPR"), "OTHER", (("COR MPR", "t1_mprage_sag", "T1 MPR tra KM", "MPR Range", "BRAVO"),)),
    Habit(derived(MPRAGE), "OTHER", (("COR MPR", "MPR tra", "T1 reformat", "3D T1 MIP", "subtraktion", "T1 SUB"),)),
    Habit(derived(SWI, "MNIP"), "OTHER", (("mIP_Images(SW)", "SWI minIP", "SWI"),)),
    Habit(SWI | {"ImageType": ["ORIGINAL", "PRIMARY", "P"]}, "OTHER", (("Pha_Images", "FILT_PHA: SWAN", "SWI"),)),
    Habit(
        derived(DWI | {"DiffusionBValue": None}, "ADC"), "ADC", (("dADC", "ADC", "ep2d_diff_ADC", "DWI", "mapa ADC"),)
    ),
    Habit(
        derived(DWI | {"DiffusionBValue": None}),
        "ADC",
        (("dADC", "Apparent Diffusion Coefficient", "Average DC", "carte ADC"),),
    ),
    Habit(derived(DWI | {"DiffusionBValue": None}), "OTHER", (("eADC", "exponential ADC", "FA map", "ColFA"),)),
    Habit(
        derived(DSC),
        "RCBV",
        (("rCBV", "relCBV", "CBV corrected", "CBV leakage corrected", "nrCBV", "Blutvolumen", "volume sanguin"),),
    ),
    Habit(derived(DSC), "OTHER", (("TTP", "MTT", "Tmax", "rCBF", "K2", "leakage", "T max", "time to peak"),)),
)


CONTRASTS = {
    "T1": (T1_SE, ("t1_se_tra", "T1 tra")),
    "T2": (T2_TSE, ("t2_tse_tra", "T2 axial")),
    "FLAIR": (FLAIR, ("FLAIR", "t2_dark-fluid")),
    "MPRAGE": (MPRAGE | AGENT, ("t1_mprage_sag KM", "BRAVO +C")),
    "DWI": (DWI, ("ep2d_diff", "DWI b1000")),
    "DSC": (DSC, ("ep2d_perf", "DSC bolus")),
    "SWI": (SWI, ("SWI", "t2_swi")),
    "PD": (PROTON_DENSITY, ("PD tra", "DP ax")),
    "STIR": (STIR, ("STIR", "t2_stir")),
}
"""Physics and names of sequences that must not be taken for one another."""


def header(physics: dict[str, Any], name: str = "", **more: Any) -> Dataset:
    """Return the header of one series."""
    ds = Dataset()
    for keyword, value in (physics | more).items():
        if value is not None:
            setattr(ds, keyword, value)
    ds.SeriesDescription = name
    return ds
