"""The kinds of study of the simulated PACS, with descriptions as hospitals of several countries write them."""

from dataclasses import dataclass
from typing import Literal

Region = Literal["head", "part", "body", "unstated"]
"""What a study shows: `part` is a part of the head, `unstated` a body of which no text says so."""


@dataclass(frozen=True)
class Kind:
    """One kind of study: the region, its descriptions, the body parts that its series state, and their recipes."""

    region: Region
    descriptions: tuple[str, ...]
    body_parts: tuple[str, ...]
    recipes: tuple[str, ...]
    share: float = 0


SIX = ("T1", "T2", "FLAIR", "MPRAGE", "DWI", "DSC")
HEAD = (
    "MR Head", "MRI BRAIN W WO CONTRAST", "MRT Schädel", "MRT Kopf mit KM", "Neuro^Kopf", "IRM encéphale",
    "IRM cérébrale avec injection", "RM encefalo", "RM cerebro", "MR hersenen", "MR hoofd",
)  # fmt: skip
HEAD_PARTS = ("HEAD", "BRAIN", "SKULL", "KOPF")

COHORT = Kind("head", HEAD, HEAD_PARTS, ("LOC", *SIX, "PR"))
SILENT_COHORT = Kind("head", ("",), HEAD_PARTS, ("LOC", *SIX))
BRAIN = Kind("head", HEAD, HEAD_PARTS, ("LOC", "T1", "T2", "FLAIR", "SWI", "SR"))
SILENT_BRAIN = Kind("head", ("",), HEAD_PARTS, ("T1", "FLAIR", "TOF"))

_MSK = ("LOC", "PD", "BODY_T1", "BODY_T2")
OTHERS = (
    Kind("body", ("MR Knee", "MRT Knie rechts", "IRM du genou gauche", "RM ginocchio", "RM rodilla", "MR Knie links"),
         ("KNEE", "LOWEREXTREMITY"), _MSK, 0.18),
    Kind("body", ("MRI LUMBAR SPINE", "MRT LWS", "IRM rachis lombaire", "RM colonna lombare", "MR lumbale wervelkolom"),
         ("LSPINE", "SPINE"), _MSK, 0.20),
    Kind("body", ("MRI C-SPINE", "MRT HWS", "IRM rachis cervical", "RM columna cervical"), ("CSPINE",), _MSK, 0.08),
    Kind("body", ("MRI ABDOMEN", "MRT Abdomen", "IRM abdominale", "RM addome", "MRT Leber"), ("ABDOMEN", "LIVER"),
         ("LOC", "BODY_T1", "BODY_T2"), 0.10),
    Kind("body", ("MR Shoulder", "MRT Schulter links", "IRM épaule droite", "RM spalla"), ("SHOULDER",), _MSK, 0.07),
    Kind("body", ("MRI PROSTATE", "MRT Prostata", "IRM prostatique"), ("PROSTATE", "PELVIS"), _MSK, 0.05),
    Kind("body", ("",), ("KNEE", "LSPINE", "ABDOMEN"), _MSK, 0.03),
    Kind("unstated", ("", "Routine", "MR"), ("",), ("BODY_T1", "BODY_T2"), 0.01),
    Kind("part", ("MR Orbits", "MRT Orbita", "IRM hypophyse", "RM ipofisi"), ("HEAD", ""), ("T1", "T2"), 0.02),
    Kind("body", ("CT Head", "CCT nativ", "CT Schädel", "TDM cérébral", "TC encefalo"), ("HEAD",), ("CT",), 0.08),
    Kind("body", ("CT Abdomen", "CT Thorax", "TDM thorax", "TC torace", ""), ("CHEST", "ABDOMEN"), ("CT", "SR"), 0.09),
    Kind("body", ("XR Chest", "Thorax p.a.", ""), ("CHEST",), ("CR",), 0.06),
    Kind("body", ("US Abdomen", "Sonographie"), ("ABDOMEN",), ("US",), 0.03),
)  # fmt: skip
"""A CT of a head counts as body: no series of it can be one of the sequences."""
