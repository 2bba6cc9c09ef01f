"""Measures the accuracy of the imaging stage on phantom patients with known ground truth: `make phantom`.

The data are synthetic. Each series is displaced by up to 10 mm along and 10 degrees about every axis.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.perfusion import compute_rcbv
from idh_tasks.imaging.registration import Registration, check_registration, register
from idh_tasks.phantom.protocol import B_VALUES, Recipe
from idh_tasks.phantom.signal import magnitude
from idh_tasks.phantom.tissue import Tissue
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256
from tests.factories import cramer_rao, diffusion
from tools.phantom_scan import SURFACE, ScannedPatient, anatomy_of, scan, series4d

RERUNS = 20
WRONG_MM = 2.0
PURE = 0.95
NOISE = 25.0
UNMIXED = 0.999
"""Fraction of one tissue in the voxels whose ADC is compared: even a little CSF is bright and diffuses fast."""
COMPARED = (Tissue.GREY, Tissue.WHITE, Tissue.RIM, Tissue.OEDEMA, Tissue.NECROSIS)


@dataclass(frozen=True)
class RegistrationResult:
    """The errors of one registration at the eight points in mm, whether it was rejected, and its information."""

    errors_mm: NDArray[np.float64]
    rejected: bool
    information: float

    @property
    def undetected(self) -> bool:
        """Return whether the registration is wrong and was not rejected."""
        return bool(self.errors_mm.max() > WRONG_MM) and not self.rejected


@dataclass(frozen=True)
class RcbvResult:
    """Correlation of rCBV with the truth in the brain, and its relative bias in the rim."""

    correlation: float
    bias: float


@dataclass(frozen=True)
class Figures:
    """All figures of one patient; ADC biases are relative, by tissue."""

    registration: dict[MrSequence, RegistrationResult]
    adc_bias: dict[Tissue, float]
    corrected: RcbvResult
    uncorrected: RcbvResult


def registration_results(patient: ScannedPatient) -> dict[MrSequence, RegistrationResult]:
    """Register every series to the MPRAGE and compare with the true displacement."""
    fixed = anatomy_of(patient.series[MrSequence.MPRAGE][2], MrSequence.MPRAGE)
    results: dict[MrSequence, RegistrationResult] = {}
    for sequence, (_, displacement, acquired) in patient.series.items():
        if sequence is not MrSequence.MPRAGE:
            registration = register(fixed, anatomy_of(acquired, sequence))
            points = np.array([registration.transform.TransformPoint(point) for point in SURFACE.tolist()])
            errors = np.linalg.norm(points @ displacement.matrix().T + displacement.shift_mm - SURFACE, axis=1)
            results[sequence] = RegistrationResult(errors, _rejected(registration), registration.information)
    return results


def distinct_reruns() -> int:
    """Return how many different images result from registering and resampling the same series repeatedly."""
    series = scan(1).series
    fixed, moving = (anatomy_of(series[s][2], s) for s in (MrSequence.MPRAGE, MrSequence.T2))
    images = [resample(moving, fixed.geometry, register(fixed, moving).transform).voxels for _ in range(RERUNS)]
    return len({sha256(image.tobytes()) for image in images})


def _rejected(registration: Registration) -> bool:
    try:
        check_registration(registration, ImagingSettings())
    except SeriesRejectedError:
        return True
    return False


def adc_biases(patient: ScannedPatient) -> dict[Tissue, float]:
    """Return the relative bias of the mean ADC of each tissue, in voxels that contain nothing else."""
    recipe, _, acquired = patient.series[MrSequence.DWI]
    adc, fractions = fit_adc(series4d(recipe, acquired)).voxels, patient.fractions(MrSequence.DWI)
    tissues = patient.biology.properties()
    pure = {tissue: fractions[tissue] > UNMIXED for tissue in COMPARED}
    return {t: float(adc[mask].mean() / tissues[t].adc - 1) for t, mask in pure.items() if mask.sum() > 20}


def rcbv_result(patient: ScannedPatient, *, leakage: bool) -> RcbvResult:
    """Compare rCBV with the truth, both relative to white matter."""
    recipe, _, acquired = patient.series[MrSequence.DSC]
    rcbv = compute_rcbv(series4d(recipe, acquired), leakage=leakage).rcbv.voxels
    fractions = patient.fractions(MrSequence.DSC)
    truth = true_cbv(patient, recipe, fractions)
    brain: Mask = fractions[Tissue.CSF :].sum(axis=0) > PURE
    brain &= fractions[Tissue.CSF] < 0.5
    white, rim = fractions[Tissue.WHITE] > PURE, fractions[Tissue.RIM] > 0.8
    correlation = np.corrcoef(rcbv[brain], truth[brain])[0, 1]
    measured, true = rcbv[rim].mean() / rcbv[white].mean(), truth[rim].mean() / truth[white].mean()
    return RcbvResult(float(correlation), float(measured / true - 1))


def true_cbv(patient: ScannedPatient, recipe: Recipe, fractions: NDArray[np.float32]) -> Float:
    """Return the blood volume of the mixture in every voxel, with each tissue weighted by its signal."""
    tissues = patient.biology.properties()
    signal = np.array([magnitude(tissues[t], recipe.timing) for t in Tissue])[:, None, None, None] * fractions
    blood = np.array([tissues[t].cbv for t in Tissue])[:, None, None, None]
    return np.asarray((signal * blood).sum(axis=0) / np.maximum(signal.sum(axis=0), 1e-9), dtype=np.float32)


def figures(number: int) -> Figures:
    """Return all figures of one patient."""
    patient = scan(number)
    return Figures(
        registration=registration_results(patient),
        adc_bias=adc_biases(patient),
        corrected=rcbv_result(patient, leakage=True),
        uncorrected=rcbv_result(patient, leakage=False),
    )


def registration_lines(patients: Sequence[Figures]) -> Iterator[str]:
    """Yield a line per sequence."""
    for sequence in patients[0].registration:
        results = [one.registration[sequence] for one in patients]
        errors = np.concatenate([result.errors_mm for result in results])
        yield (
            f"registration {sequence}: median {np.median(errors):.2f}, 95th percentile "
            f"{np.percentile(errors, 95):.2f}, largest {errors.max():.2f} mm; "
            f"rejected {sum(result.rejected for result in results)}, "
            f"wrong by over {WRONG_MM:g} mm and not rejected {sum(result.undetected for result in results)}; "
            f"information {min(result.information for result in results):.2f} at least"
        )


def adc_lines(patients: Sequence[Figures]) -> Iterator[str]:
    """Yield a line per tissue, and a line per ADC of a homogeneous phantom."""
    for tissue in sorted(COMPARED, key=lambda tissue: tissue.name):
        biases = [one.adc_bias[tissue] for one in patients if tissue in one.adc_bias]
        if biases:
            yield f"ADC {tissue.name}: bias {np.mean(biases):+.2%}, from {min(biases):+.2%} to {max(biases):+.2%}"
    for adc in (800.0, 1500.0, 3000.0):
        fitted = fit_adc(diffusion(adc, B_VALUES, NOISE)).voxels[:, :24]
        bound = cramer_rao(adc, np.array(B_VALUES), NOISE)
        yield (
            f"ADC {adc:.0f}, homogeneous, signal to noise {1000 / NOISE:.0f}: bias {fitted.mean() / adc - 1:+.2%}, "
            f"spread {fitted.std() / bound:.3f} of the Cramer-Rao bound"
        )


def rcbv_line(name: str, results: Sequence[RcbvResult]) -> str:
    """Return the line of rCBV with or without correction."""
    correlations, biases = [result.correlation for result in results], [result.bias for result in results]
    return (
        f"rCBV {name}: correlation with the truth {np.median(correlations):.3f} (least {min(correlations):.3f}), "
        f"bias in the rim {np.median(biases):+.1%} (from {min(biases):+.1%} to {max(biases):+.1%})"
    )


def report(count: int) -> Iterator[str]:
    """Measure this many patients and yield the lines of the report."""
    patients: list[Figures] = Parallel(n_jobs=2)(delayed(figures)(number) for number in range(count))
    yield f"{count} synthetic patients, displaced by up to 10 mm and 10 degrees along and about every axis"
    yield from registration_lines(patients)
    yield f"registration of one series {RERUNS} times: {distinct_reruns()} distinct results"
    yield from adc_lines(patients)
    yield rcbv_line("corrected", [one.corrected for one in patients])
    yield rcbv_line("uncorrected", [one.uncorrected for one in patients])


if __name__ == "__main__":
    for line in report(int(sys.argv[1]) if len(sys.argv) > 1 else 40):
        sys.stdout.write(f"{line}\n")
