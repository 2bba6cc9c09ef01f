"""One synthetic patient: biology with a planted IDH effect, anatomy, series, ROI, truth."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Geometry, Mask
from idh_tasks.phantom.acquisition import (
    Displacement,
    acquire,
    grid_of,
    random_displacement,
    sample,
)
from idh_tasks.phantom.anatomy import Anatomy, add_tumour, draw_head
from idh_tasks.phantom.dicom import StudyHeader, write_series
from idh_tasks.phantom.nifti import find_cases, read_anatomy
from idh_tasks.phantom.person import Person, Visit, draw_person, draw_visit
from idh_tasks.phantom.protocol import PROTOCOLS, Recipe, Vendor
from idh_tasks.phantom.roi import write_nifti, write_segmentation
from idh_tasks.phantom.tissue import TUMOUR, Biology, Tissue

RIM_CBV = {IdhStatus.MUTANT: (2.0, 0.5), IdhStatus.WILDTYPE: (4.0, 0.9)}
"""Mean and SD of the relative CBV of the rim: the strong planted effect."""

T1_FACTOR = {IdhStatus.MUTANT: (1.10, 0.08), IdhStatus.WILDTYPE: (1.0, 0.08)}
"""Mean and SD of the tumour's T1 over its usual value: the weak planted effect (T1, FLAIR)."""


@dataclass(frozen=True)
class PatientPlan:
    """What to make of one patient."""

    number: int
    seed: int
    status: IdhStatus
    hurt: str | None
    from_nifti: Path | None
    motion_mm: float
    motion_degrees: float

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a stream of its own for each purpose, so that one does not disturb another."""
        return np.random.default_rng([self.seed, self.number, zlib.crc32(purpose.encode())])

    def identity(self) -> tuple[Person, Visit]:
        """Return the made-up person and the dates of the visit."""
        rng = self.rng("identity")
        return draw_person(rng, self.number), draw_visit(rng, self.number)


@dataclass(frozen=True)
class Truth:
    """Everything that is known of one patient and that the platform has to find out.

    `labels` names the NIfTI file with the tissue of every voxel of the undisplaced head.
    """

    folder: str
    study_uid: str
    patient_id: str
    status: IdhStatus
    hurt: str | None
    vendor: str
    biology: dict[str, float]
    displacements: dict[str, Displacement]
    labels: str
    adc: dict[str, float]
    cbv: dict[str, float]


def draw_biology(rng: np.random.Generator, status: IdhStatus) -> Biology:
    """Draw what differs between patients; only CBV and T1 depend on the status."""
    rim_cbv = max(0.8, rng.normal(*RIM_CBV[status]))
    return Biology(
        rim_cbv=rim_cbv,
        oedema_cbv=0.25 * rim_cbv + rng.normal(0.15, 0.1),
        t1_factor=rng.normal(*T1_FACTOR[status]),
        rim_adc=rng.normal(1050, 120),
        oedema_adc=rng.normal(1450, 130),
        rim_leakage=rng.uniform(0.02, 0.06),
    )


def draw_anatomy(plan: PatientPlan) -> Anatomy:
    """Draw a synthetic head with a tumour, or read a real one."""
    rng = plan.rng("anatomy")
    if plan.from_nifti is None:
        return add_tumour(draw_head(rng), rng)
    cases = find_cases(plan.from_nifti)
    turn, index = divmod(plan.number, len(cases))
    return read_anatomy(cases[index], mirrored=turn % 2 == 1)


def draw_texture(plan: PatientPlan, shape: tuple[int, ...]) -> Float:
    """Return a fine grain and a slow coil profile, multiplying every signal."""
    rng = plan.rng("texture")
    grain = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 1.2)
    coarse = rng.standard_normal((4, 4, 4), dtype=np.float32)
    coil = ndimage.zoom(coarse, np.array(shape) / 4, order=1, grid_mode=True, mode="nearest")
    return np.asarray(1 + 0.03 * grain / grain.std() + 0.04 * coil, dtype=np.float32)


def _mask_on(anatomy: Anatomy, grid: Geometry, moved: Displacement) -> Mask:
    tumour = np.isin(anatomy.labels, TUMOUR).astype(np.float32)
    return sample(tumour, anatomy.geometry, grid, moved) > 0.5


def _recipes(plan: PatientPlan, vendor: Vendor) -> list[Recipe]:
    missing = {MrSequence.DSC} if plan.hurt == "missing_sequence" else set()
    return [recipe for recipe in PROTOCOLS[vendor] if recipe.sequence not in missing]


def write_patient(folder: Path, plan: PatientPlan) -> Truth:
    """Write one study below `folder` and return its truth."""
    vendor = list(Vendor)[plan.number % len(Vendor)]
    person, visit = plan.identity()
    header = StudyHeader(person, visit, vendor, seed=f"{plan.seed}/{plan.number}")
    anatomy, biology = draw_anatomy(plan), draw_biology(plan.rng("biology"), plan.status)
    texture = draw_texture(plan, anatomy.labels.shape)
    out = folder / f"{plan.number:03d}"
    out.mkdir(parents=True, exist_ok=True)
    rng, moves = plan.rng("acquisition"), {}
    for number, recipe in enumerate(_recipes(plan, vendor), start=1):
        # MPRAGE is the reference space: everything else is displaced against it.
        still = recipe.sequence is MrSequence.MPRAGE
        bounds = (0.0, 0.0) if still else (plan.motion_degrees, plan.motion_mm)
        moved = random_displacement(plan.rng(f"motion {recipe.sequence}"), *bounds)
        acquired = acquire(anatomy, biology, recipe, moved, texture, rng)
        files = write_series(out, header, recipe, number, acquired)
        moves[recipe.sequence.value] = moved
        if recipe.sequence is MrSequence.T2:
            _deliver_roi(out, plan, header, _mask_on(anatomy, grid_of(recipe), moved), files, recipe)
    if plan.hurt == "corrupt_file":
        _truncate(out / "01_0003.dcm")
    truth = _truth(plan, header, biology, moves, out.name)
    _write_labels(folder.parent / truth.labels, anatomy)
    return truth


def _deliver_roi(out: Path, plan: PatientPlan, header: StudyHeader, mask: Mask, t2: list[Path], recipe: Recipe) -> None:
    if plan.number % 2:
        write_nifti(out / "roi.nii.gz", mask, grid_of(recipe))
    else:
        uids = (header.uid("roi series"), header.uid("roi instance"))
        write_segmentation(out / "90_0000.dcm", mask, t2, uids)


def _write_labels(path: Path, anatomy: Anatomy) -> None:
    path.parent.mkdir(exist_ok=True)
    write_nifti(path, anatomy.labels, anatomy.geometry)


def _truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 4096])


def _truth(
    plan: PatientPlan, header: StudyHeader, biology: Biology, moves: dict[str, Displacement], name: str
) -> Truth:
    tissues = biology.properties()
    values: dict[str, Any] = {k: round(float(v), 4) for k, v in vars(biology).items()}
    return Truth(
        folder=name,
        study_uid=header.study_uid,
        patient_id=header.person.identifier,
        status=plan.status,
        hurt=plan.hurt,
        vendor=header.vendor.value,
        biology=values,
        displacements=moves,
        labels=f"truth/{name}_labels.nii.gz",
        adc={t.name: tissues[t].adc for t in Tissue},
        cbv={t.name: tissues[t].cbv for t in Tissue},
    )
