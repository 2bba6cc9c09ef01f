"""Scans phantom patients with known displacements, to measure the imaging stage and its peers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Series4D, Volume
from idh_tasks.imaging.perfusion import MIN_BASELINE
from idh_tasks.phantom.acquisition import AcquiredSeries, Displacement, acquire, mixtures, random_displacement
from idh_tasks.phantom.anatomy import BRAIN_SEMI_AXES_MM, Anatomy
from idh_tasks.phantom.biology import draw_biology
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_texture
from idh_tasks.phantom.protocol import PROTOCOLS, Recipe, Vendor
from idh_tasks.phantom.tissue import Biology

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
SURFACE = CORNERS * BRAIN_SEMI_AXES_MM
"""Eight points on the surface of the brain, LPS in mm."""


@dataclass(frozen=True)
class ScannedPatient:
    """One phantom patient after the scan: each series with its recipe and the displacement of the head."""

    anatomy: Anatomy
    biology: Biology
    texture: Float
    series: dict[MrSequence, tuple[Recipe, Displacement, AcquiredSeries]]

    def fractions(self, sequence: MrSequence) -> NDArray[np.float32]:
        """Return the fraction of each tissue in the voxels of a series (tissue, z, y, x)."""
        _, displacement, acquired = self.series[sequence]
        homogeneous = np.ones_like(self.texture)
        return np.stack(mixtures(self.anatomy, acquired.geometry, displacement, homogeneous))


def scan(number: int) -> ScannedPatient:
    """Scan one patient, with every series displaced against the MPRAGE."""
    status = IdhStatus.MUTANT if number % 6 == 0 else IdhStatus.WILDTYPE
    plan = PatientPlan(number, 20200, status, None, None, 10.0, 10.0)
    anatomy, biology = draw_anatomy(plan), draw_biology(plan.rng("biology"), status)
    texture, rng = draw_texture(plan, anatomy.labels.shape), plan.rng("acquisition")
    series = {}
    for recipe in PROTOCOLS[list(Vendor)[number % len(Vendor)]]:
        bound = 0.0 if recipe.sequence is MrSequence.MPRAGE else 10.0
        displacement = random_displacement(plan.rng(f"motion {recipe.sequence}"), bound, bound)
        acquired = acquire(anatomy, biology, recipe, displacement, texture, rng)
        series[recipe.sequence] = recipe, displacement, acquired
    return ScannedPatient(anatomy, biology, texture, series)


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
