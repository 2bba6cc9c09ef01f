"""Prints how right the images are on phantom patients, whose every truth is known: `make phantom`.

Synthetic data. Each series is displaced by up to 10 mm and 10 degrees along and about every axis.
"""

import sys
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.perfusion import MIN_BASELINE, compute_rcbv
from idh_tasks.imaging.registration import Registered, gated, register
from idh_tasks.phantom.acquisition import Acquired, Displacement, acquire, mixtures, random_displacement
from idh_tasks.phantom.anatomy import BRAIN_SEMI_AXES_MM, Anatomy
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_biology, draw_texture
from idh_tasks.phantom.protocol import B_VALUES, PROTOCOLS, Recipe, Vendor
from idh_tasks.phantom.signal import magnitude
from idh_tasks.phantom.tissue import Biology, Tissue
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256
from tests.factories import cramer_rao, diffusion

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
SURFACE = CORNERS * BRAIN_SEMI_AXES_MM
"""Eight points of the brain's surface, LPS in mm."""
RERUNS = 20
WRONG_MM = 2.0
PURE = 0.95
NOISE = 25.0
UNMIXED = 0.999
"""Share of one tissue in a voxel whose ADC is compared: a little CSF shines and diffuses a lot."""


@dataclass(frozen=True)
class Scanned:
    """One phantom patient, scanned: each series with its recipe and how the head lay."""

    anatomy: Anatomy
    biology: Biology
    texture: Float
    series: dict[MrSequence, tuple[Recipe, Displacement, Acquired]]

    def shares(self, sequence: MrSequence) -> NDArray[np.float32]:
        """Return the share of each tissue in the voxels of a series (tissue, z, y, x)."""
        _, moved, acquired = self.series[sequence]
        flat = np.ones_like(self.texture)
        return np.stack(mixtures(self.anatomy, acquired.geometry, moved, flat))


def scan(number: int) -> Scanned:
    """Scan one patient with every series displaced against MPRAGE."""
    status = IdhStatus.MUTANT if number % 6 == 0 else IdhStatus.WILDTYPE
    plan = PatientPlan(number, 20200, status, None, None, 10.0, 10.0)
    anatomy, biology = draw_anatomy(plan), draw_biology(plan.rng("biology"), status)
    texture, rng = draw_texture(plan, anatomy.labels.shape), plan.rng("acquisition")
    series = {}
    for recipe in PROTOCOLS[list(Vendor)[number % len(Vendor)]]:
        bound = 0.0 if recipe.sequence is MrSequence.MPRAGE else 10.0
        moved = random_displacement(plan.rng(f"motion {recipe.sequence}"), bound, bound)
        series[recipe.sequence] = recipe, moved, acquire(anatomy, biology, recipe, moved, texture, rng)
    return Scanned(anatomy, biology, texture, series)


def series4d(recipe: Recipe, acquired: Acquired) -> Series4D:
    """Return a scanned series over b or time."""
    times = [t * recipe.timing.tr / 1000 for t in range(recipe.time_points)]
    steps = recipe.b_values or tuple(times)
    return Series4D(acquired.frames.astype(np.float32), acquired.geometry, steps, recipe.timing.te)


def anatomy_of(acquired: Acquired, sequence: MrSequence) -> Volume:
    """Return the volume that registers a series."""
    frames = acquired.frames.astype(np.float32)
    early = frames[:MIN_BASELINE].mean(axis=0) if sequence is MrSequence.DSC else frames[0]
    return Volume(early, acquired.geometry)


def registration_errors(scanned: Scanned) -> dict[str, tuple[NDArray[np.float64], bool, float]]:
    """Return, of each sequence, the errors at the eight points in mm, whether it was flagged, and the information."""
    fixed = anatomy_of(scanned.series[MrSequence.MPRAGE][2], MrSequence.MPRAGE)
    found = {}
    for sequence, (_, moved, acquired) in scanned.series.items():
        if sequence is not MrSequence.MPRAGE:
            registered = register(fixed, anatomy_of(acquired, sequence))
            points = np.array([registered.transform.TransformPoint(point) for point in SURFACE.tolist()])
            errors = np.linalg.norm(points @ moved.matrix().T + moved.shift_mm - SURFACE, axis=1)
            found[sequence.value] = errors, _flagged(registered), registered.information
    return found


def reruns() -> int:
    """Return how many different images registering and resampling the same series gives."""
    series = scan(1).series
    fixed, moving = (anatomy_of(series[s][2], s) for s in (MrSequence.MPRAGE, MrSequence.T2))
    images = [resample(moving, fixed.geometry, register(fixed, moving).transform).voxels for _ in range(RERUNS)]
    return len({sha256(image.tobytes()) for image in images})


def _flagged(registered: Registered) -> bool:
    try:
        gated(registered, ImagingSettings())
    except SeriesRejectedError:
        return True
    return False


def adc_biases(scanned: Scanned) -> dict[str, float]:
    """Return, of each tissue, the mean ADC over the truth, minus one, where a voxel holds nothing else."""
    recipe, _, acquired = scanned.series[MrSequence.DWI]
    adc, shares = fit_adc(series4d(recipe, acquired)).voxels, scanned.shares(MrSequence.DWI)
    tissues = scanned.biology.properties()
    wanted = (Tissue.GREY, Tissue.WHITE, Tissue.RIM, Tissue.OEDEMA, Tissue.NECROSIS)
    pure = {tissue: shares[tissue] > UNMIXED for tissue in wanted}
    return {t.name: float(adc[m].mean() / tissues[t].adc - 1) for t, m in pure.items() if m.sum() > 20}


def rcbv_figures(scanned: Scanned, *, leakage: bool) -> tuple[float, float]:
    """Return the correlation of rCBV with the truth in the brain, and its bias in the rim, white matter being one."""
    recipe, _, acquired = scanned.series[MrSequence.DSC]
    rcbv, shares = compute_rcbv(series4d(recipe, acquired), leakage=leakage).rcbv.voxels, scanned.shares(MrSequence.DSC)
    truth = true_cbv(scanned, recipe, shares)
    brain: Mask = shares[Tissue.CSF :].sum(axis=0) > PURE
    brain &= shares[Tissue.CSF] < 0.5
    white, rim = shares[Tissue.WHITE] > PURE, shares[Tissue.RIM] > 0.8
    correlation = np.corrcoef(rcbv[brain], truth[brain])[0, 1]
    found, true = rcbv[rim].mean() / rcbv[white].mean(), truth[rim].mean() / truth[white].mean()
    return float(correlation), float(found / true - 1)


def true_cbv(scanned: Scanned, recipe: Recipe, shares: NDArray[np.float32]) -> Float:
    """Return the blood volume of the mixture in every voxel, each tissue weighing as much as it shines."""
    tissues = scanned.biology.properties()
    light = np.array([magnitude(tissues[t], recipe.timing) for t in Tissue])[:, None, None, None] * shares
    blood = np.array([tissues[t].cbv for t in Tissue])[:, None, None, None]
    return np.asarray((light * blood).sum(axis=0) / np.maximum(light.sum(axis=0), 1e-9), dtype=np.float32)


def figures(number: int) -> dict[str, object]:
    """Return all figures of one patient."""
    scanned = scan(number)
    return {
        "registration": registration_errors(scanned),
        "adc": adc_biases(scanned),
        "corrected": rcbv_figures(scanned, leakage=True),
        "uncorrected": rcbv_figures(scanned, leakage=False),
    }


def main(patients: int) -> None:
    """Print the figures of so many patients."""
    found = Parallel(n_jobs=2)(delayed(figures)(number) for number in range(patients))
    out = sys.stdout.write
    out(f"{patients} synthetic patients, displaced by up to 10 mm and 10 degrees along and about every axis\n")
    for sequence in found[0]["registration"]:
        rows = [one["registration"][sequence] for one in found]
        errors = np.concatenate([row[0] for row in rows])
        unflagged = sum(row[0].max() > WRONG_MM and not row[1] for row in rows)
        out(
            f"registration {sequence}: median {np.median(errors):.2f}, 95th percentile "
            f"{np.percentile(errors, 95):.2f}, largest {errors.max():.2f} mm; flagged {sum(row[1] for row in rows)}, "
            f"wrong by over {WRONG_MM:g} mm and not flagged {unflagged}; "
            f"information {min(row[2] for row in rows):.2f} at least\n"
        )
    out(f"registration of one series {RERUNS} times: {reruns()} hash\n")
    for tissue in sorted({name for one in found for name in one["adc"]}):
        biases = [one["adc"][tissue] for one in found if tissue in one["adc"]]
        out(f"ADC {tissue}: bias {np.mean(biases):+.2%}, from {min(biases):+.2%} to {max(biases):+.2%}\n")
    for adc in (800.0, 1500.0, 3000.0):
        spread = fit_adc(diffusion(adc, B_VALUES, NOISE)).voxels[:, :24]
        bound = cramer_rao(adc, np.array(B_VALUES), NOISE)
        out(
            f"ADC {adc:.0f}, all alike, signal to noise {1000 / NOISE:.0f}: bias {spread.mean() / adc - 1:+.2%}, "
            f"spread {spread.std() / bound:.3f} of the Cramer-Rao bound\n"
        )
    for kind in ("corrected", "uncorrected"):
        correlations, biases = np.array([one[kind] for one in found]).T
        out(
            f"rCBV {kind}: correlation with the truth {np.median(correlations):.3f} (least "
            f"{correlations.min():.3f}), bias in the rim {np.median(biases):+.1%} "
            f"(from {biases.min():+.1%} to {biases.max():+.1%})\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
