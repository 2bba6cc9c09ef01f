"""Scans phantom patients with known displacements, to measure the imaging stage and its peers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Series4D, Volume
from idh_tasks.imaging.perfusion import MIN_BASELINE
from idh_tasks.offline.study_folder import FolderSeriesReader, read_study
from idh_tasks.phantom.acquisition import AcquiredSeries, Displacement, acquire, mixtures
from idh_tasks.phantom.anatomy import BRAIN_SEMI_AXES_MM, Anatomy
from idh_tasks.phantom.dicom import StudyHeader, write_series
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_properties, draw_texture
from idh_tasks.phantom.protocol import Recipe
from idh_tasks.phantom.tissue import Biology
from idh_tasks.phantom.variant import STANDARD, Variant

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
SURFACE = CORNERS * BRAIN_SEMI_AXES_MM
"""Eight points on the surface of the brain, LPS in mm."""
MOTION = 10.0
"""Bound of the displacement of each series, in mm and degrees."""


@dataclass(frozen=True)
class ScannedPatient:
    """One phantom patient after the scan: each series with its recipe and the displacement of the head."""

    plan: PatientPlan
    anatomy: Anatomy
    biology: Biology
    texture: Float
    series: dict[MrSequence, tuple[Recipe, Displacement, AcquiredSeries]]

    def fractions(self, sequence: MrSequence) -> NDArray[np.float32]:
        """Return the fraction of each tissue in the voxels of a series (tissue, z, y, x)."""
        _, displacement, acquired = self.series[sequence]
        homogeneous = np.ones_like(self.texture)
        return np.stack(mixtures(self.anatomy, acquired.geometry, displacement, homogeneous))

    def delivered(self) -> FolderSeriesReader:
        """Return the study as preprocessing reads it, after a round trip through DICOM files."""
        header = StudyHeader(*self.plan.identity(), self.plan.vendor, seed=f"{self.plan.seed}/{self.plan.number}")
        with TemporaryDirectory() as folder:
            for number, (recipe, _, acquired) in enumerate(self.series.values(), start=1):
                write_series(Path(folder), header, recipe, number, acquired)
            return read_study(Path(folder), None)


def _as_planned(recipe: Recipe) -> Recipe:
    return recipe


def scan(
    number: int,
    variant: Variant = STANDARD,
    motion: float = MOTION,
    seed: int = 20200,
    adapt: Callable[[Recipe], Recipe] = _as_planned,
) -> ScannedPatient:
    """Scan one patient, with every series displaced against the MPRAGE or the T1 after contrast.

    Parameters
    ----------
    motion
        Bound of the displacement in mm and degrees.
    adapt
        Changes how a series is acquired.
    """
    status = IdhStatus.MUTANT if number % 6 == 0 else IdhStatus.WILDTYPE
    plan = PatientPlan(number, seed, status, None, None, motion, motion, variant)
    anatomy, biology = draw_anatomy(plan), draw_properties(plan)
    texture, rng = draw_texture(plan, anatomy.labels.shape), plan.rng("acquisition")
    series = {}
    for recipe in map(adapt, plan.recipes()):
        displacement = plan.displacement(recipe.sequence)
        acquired = acquire(anatomy, biology, recipe, displacement, texture, rng)
        series[recipe.sequence] = recipe, displacement, acquired
    return ScannedPatient(plan, anatomy, biology, texture, series)


def series4d(recipe: Recipe, acquired: AcquiredSeries) -> Series4D:
    """Return an acquired series over b-value or time."""
    times = [t * recipe.timing.tr / 1000 for t in range(recipe.time_points)]
    steps = recipe.b_values or tuple(times)
    return Series4D(acquired.frames.astype(np.float32), acquired.geometry, steps, recipe.timing.te)


def anatomy_of(acquired: AcquiredSeries, sequence: MrSequence) -> Volume:
    """Return the volume by which a series is registered."""
    frames = acquired.frames.astype(np.float32)
    voxels = frames[:MIN_BASELINE].mean(axis=0) if sequence is MrSequence.DSC else frames[0]
    return Volume(voxels, acquired.geometry)
