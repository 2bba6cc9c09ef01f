"""Studies and series as the platform knows them, without any identifier of a patient."""

from dataclasses import dataclass
from datetime import date
from typing import NewType

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence

PatientKey = NewType("PatientKey", str)
StudyId = NewType("StudyId", str)
SeriesId = NewType("SeriesId", str)


@dataclass(frozen=True)
class Ruled:
    """The local rule by which a series has its name, and the sequence that had been concluded without it."""

    rule_id: int
    concluded: MrSequence


@dataclass(frozen=True)
class Identification:
    """Which MR sequence a series is, with what confidence, the evidence in words, and what it says about contrast."""

    sequence: MrSequence
    confidence: Confidence
    evidence: str
    contrast: Contrast = Contrast.UNSTATED
    ruled: Ruled | None = None


SEGMENTATION = Identification(MrSequence.OTHER, Confidence.HIGH, "DICOM SEG")
STRUCTURE_SET = Identification(MrSequence.OTHER, Confidence.HIGH, "RTSTRUCT")
"""How series that hold a tumour outline are recorded."""


@dataclass(frozen=True)
class Fault:
    """Why something must not be used: a code of the catalogue and the reason in words."""

    code: Code
    reason: str


@dataclass(frozen=True)
class SeriesPhysics:
    """What remains of how a series was acquired; times in ms, 0 if unknown.

    `permitted` are the sequences that the physics does not exclude, `may_be` those that physics or name indicate.
    """

    tr: float = 0.0
    te: float = 0.0
    ti: float = 0.0
    permitted: frozenset[MrSequence] = frozenset(MrSequence)
    may_be: frozenset[MrSequence] = frozenset()


UNKNOWN_PHYSICS = SeriesPhysics()


WHOLE_HEAD_MM = 120.0
"""Coverage that counts as complete: the brain is about this high."""


@dataclass(frozen=True)
class SliceGeometry:
    """Orientation, voxel size and coverage of a series; coverage is the smallest of its three extents.

    The defaults stand for an unknown geometry, which is preferred least.
    """

    axial: bool = False
    voxel_mm3: float = 1e6
    coverage_mm: float = 0.0

    @property
    def preference(self) -> tuple[float, bool, float]:
        """Return the key by which geometries are sorted: the whole head first, then axial, then small voxels."""
        return -min(self.coverage_mm, WHOLE_HEAD_MM), not self.axial, self.voxel_mm3


@dataclass(frozen=True)
class SeriesRecord:
    """One stored series of one revision of a study; a series with a fault is stored, but not used.

    `protocol` is a keyed token of manufacturer and description, empty if there is none or it was stored before tokens.
    """

    series_id: SeriesId
    identification: Identification
    object_key: str
    sha256: str
    instances: int
    fault: Fault | None = None
    slice_geometry: SliceGeometry = SliceGeometry()
    protocol: str = ""
    physics: SeriesPhysics = UNKNOWN_PHYSICS

    @property
    def preference(self) -> tuple[object, ...]:
        """Return the key by which the series of a study are sorted: of each sequence, the first one is used."""
        identified = self.identification
        uncertain = identified.confidence is not Confidence.HIGH
        geometry = self.slice_geometry.preference
        return identified.sequence, uncertain, self.fault is not None, *geometry, -self.instances, self.series_id


@dataclass(frozen=True)
class InstanceRecord:
    """One stored instance: the hash of its de-identified file, and the version of the code that made it."""

    instance_id: str
    series_id: SeriesId
    sha256: str
    profile: str


@dataclass(frozen=True)
class StudyRecord:
    """One revision of a study; its dates are shifted by a constant of the patient."""

    study_id: StudyId
    patient_key: PatientKey
    content_hash: str
    study_date: date
    age_years: float | None
    manufacturer: str
    series: tuple[SeriesRecord, ...]
    roi_key: str | None
