"""Writes the study of one synthetic patient: anatomy, series, tumour outline and ground truth."""

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Geometry, Mask
from idh_tasks.phantom.acquisition import Displacement, acquire, grid_of, random_displacement, sample
from idh_tasks.phantom.anatomy import Anatomy, add_tumour, draw_head, resized
from idh_tasks.phantom.biology import draw_biology
from idh_tasks.phantom.dicom import StudyHeader, write_series
from idh_tasks.phantom.nifti import find_cases, read_anatomy
from idh_tasks.phantom.person import Person, Visit, draw_person, draw_visit
from idh_tasks.phantom.protocol import PROTOCOLS, THICK_SLICES, Recipe, Vendor, with_field_of_view
from idh_tasks.phantom.roi import SegmentationUids, write_nifti, write_segmentation
from idh_tasks.phantom.tissue import TUMOUR, Biology
from idh_tasks.phantom.truth import Truth, truth_of
from idh_tasks.phantom.variant import STANDARD, Variant

REFERENCES = (MrSequence.MPRAGE, MrSequence.T1C)
"""The series to which the displacement of the others is relative."""


@dataclass(frozen=True)
class PatientPlan:
    """Everything that determines one patient."""

    number: int
    seed: int
    status: IdhStatus
    defect: str | None
    from_nifti: Path | None
    motion_mm: float
    motion_degrees: float
    variant: Variant = STANDARD

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a random stream per purpose, so that changes to one do not affect the others."""
        return np.random.default_rng([self.seed, self.number, zlib.crc32(purpose.encode())])

    def identity(self) -> tuple[Person, Visit]:
        """Return the fictitious person and the dates of examination and surgery."""
        rng = self.rng("identity")
        return draw_person(rng, self.number), draw_visit(rng, self.number)

    @property
    def vendor(self) -> Vendor:
        """Return the vendor of the scanner."""
        return list(Vendor)[self.number % len(Vendor)]

    def recipes(self) -> list[Recipe]:
        """Return the series that are acquired."""
        missing = {MrSequence.DSC} if self.defect == "missing_sequence" else set()
        protocol = THICK_SLICES if self.variant.thick_slices else PROTOCOLS[self.vendor]
        acquired = [recipe for recipe in protocol if recipe.sequence not in missing]
        return with_field_of_view(acquired, self.variant.field_of_view)

    def recipe(self, sequence: MrSequence) -> Recipe:
        """Return how one series is acquired."""
        return next(recipe for recipe in self.recipes() if recipe.sequence is sequence)

    def displacement(self, sequence: MrSequence) -> Displacement:
        """Return how the head is displaced during a series, relative to the MPRAGE or T1 after contrast."""
        still = sequence in REFERENCES
        bounds = (0.0, 0.0) if still else (self.motion_degrees, self.motion_mm)
        return random_displacement(self.rng(f"motion {sequence}"), *bounds)


def draw_anatomy(plan: PatientPlan) -> Anatomy:
    """Draw a synthetic head with a tumour, or read a real one."""
    rng = plan.rng("anatomy")
    if plan.from_nifti is None:
        head = add_tumour(draw_head(rng, plan.variant), rng, plan.variant.tumour)
        return resized(head, plan.variant.size)
    cases = find_cases(plan.from_nifti)
    turn, index = divmod(plan.number, len(cases))
    return read_anatomy(cases[index], mirrored=turn % 2 == 1)


def draw_properties(plan: PatientPlan) -> Biology:
    """Draw the properties of the tumour."""
    biology = draw_biology(plan.rng("biology"), plan.status)
    factor = plan.variant.t1_factor
    return biology if factor is None else replace(biology, t1_factor=factor)


def draw_texture(plan: PatientPlan, shape: tuple[int, ...]) -> Float:
    """Return a factor for the signal of every voxel: fine grain, and a slowly varying coil profile."""
    rng = plan.rng("texture")
    grain = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 1.2)
    coarse = rng.standard_normal((4, 4, 4), dtype=np.float32)
    coil = ndimage.zoom(coarse, np.array(shape) / 4, order=1, grid_mode=True, mode="nearest")
    return np.asarray(1 + 0.03 * grain / grain.std() + 0.04 * coil, dtype=np.float32)


def write_patient(folder: Path, plan: PatientPlan) -> Truth:
    """Write one study below `folder` and return its truth."""
    header = StudyHeader(*plan.identity(), plan.vendor, seed=f"{plan.seed}/{plan.number}")
    anatomy, biology = draw_anatomy(plan), draw_properties(plan)
    texture = draw_texture(plan, anatomy.labels.shape)
    out = folder / f"{plan.number:03d}"
    out.mkdir(parents=True, exist_ok=True)
    rng, displacements = plan.rng("acquisition"), {}
    for number, recipe in enumerate(plan.recipes(), start=1):
        displacement = plan.displacement(recipe.sequence)
        displacements[recipe.sequence.value] = displacement
        acquired = acquire(anatomy, biology, recipe, displacement, texture, rng)
        files = write_series(out, header, recipe, number, acquired)
        if recipe.sequence is MrSequence.T2:
            _write_outline(out, _tumour_on(anatomy, acquired.geometry, displacement), files, header, plan)
    if plan.defect == "corrupt_file":
        _truncate(out / "01_0003.dcm")
    truth = truth_of(out.name, header, plan.status, plan.defect, biology, displacements)
    _write_labels(folder.parent / truth.labels, anatomy)
    return truth


def _tumour_on(anatomy: Anatomy, grid: Geometry, displacement: Displacement) -> Mask:
    tumour = np.isin(anatomy.labels, TUMOUR).astype(np.float32)
    return sample(tumour, anatomy.geometry, grid, displacement) > 0.5


def _write_outline(out: Path, mask: Mask, t2_files: list[Path], header: StudyHeader, plan: PatientPlan) -> None:
    """Write the outline as NIfTI for odd patient numbers, and as DICOM SEG for even ones."""
    if plan.number % 2:
        write_nifti(out / "roi.nii.gz", mask, grid_of(plan.recipe(MrSequence.T2)))
    else:
        uids = SegmentationUids(*(header.uid(f"roi {part}") for part in ("series", "instance", "dimensions")))
        write_segmentation(out / "90_0000.dcm", mask, t2_files, uids)


def _write_labels(path: Path, anatomy: Anatomy) -> None:
    path.parent.mkdir(exist_ok=True)
    write_nifti(path, anatomy.labels, anatomy.geometry)


def _truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 4096])
