"""Measures the imaging stage on phantom patients with known ground truth: `make phantom`, `make phantom PATIENTS=10`.

The data are synthetic. Tumours have several forms, heads several sizes and ages, and some protocols thick slices only.
Each series is displaced by up to 10 mm along and 10 degrees about every axis.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from joblib import Parallel, delayed

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.registration import register
from idh_tasks.phantom.protocol import B_VALUES
from idh_tasks.phantom.variant import VARIANTS
from idh_tasks.store.objects import sha256
from tests.factories import cramer_rao, diffusion
from tools.imaging_figures import COMPARED, Figures, RcbvResult, figures
from tools.phantom_scan import anatomy_of, scan

RERUNS = 20
WRONG_MM = 2.0
NOISE = 25.0
BRAIN_BAR, OUTLINE_BAR = 0.97, 0.85


def registration_lines(patients: Sequence[Figures]) -> Iterator[str]:
    """Yield a line per sequence; the errors are those of accepted registrations."""
    sequences = dict.fromkeys(s for one in patients for s in (*one.registration, *one.refused) if s in set(MrSequence))
    for sequence in map(MrSequence, sequences):
        accepted = [one.registration[sequence] for one in patients if sequence in one.registration]
        refused = Counter(str(one.refused[sequence]) for one in patients if sequence in one.refused)
        errors = np.concatenate(accepted) if accepted else np.array([np.nan])
        yield (
            f"registration {sequence}: median {np.median(errors):.2f}, 95th percentile "
            f"{np.percentile(errors, 95):.2f}, largest {errors.max():.2f} mm; refused {dict(refused) or 0}, "
            f"wrong by over {WRONG_MM:g} mm and not refused {sum(float(one.max()) > WRONG_MM for one in accepted)}"
        )


def distinct_reruns() -> int:
    """Return how many different images result from registering and resampling the same series repeatedly."""
    series = scan(1).series
    fixed, moving = (anatomy_of(series[s][2], s) for s in (MrSequence.MPRAGE, MrSequence.T2))
    images = [resample(moving, fixed.geometry, register(fixed, moving).transform).voxels for _ in range(RERUNS)]
    return len({sha256(image.tobytes()) for image in images})


def brain_line(patients: Sequence[Figures]) -> str:
    """Return the line of the brain masks, compared with everything inside the skull."""
    found = [one.brain for one in patients if one.brain is not None]
    if not found:
        return "brain: every mask was refused"
    below = [f"{one.variant} ({one.brain:.3f})" for one in patients if one.brain is not None and one.brain < BRAIN_BAR]
    return (
        f"brain: Dice {np.median(found):.3f} (least {min(found):.3f}); "
        f"below {BRAIN_BAR} {len(below)} of {len(found)}{_names(below)}; "
        f"refused {len(patients) - len(found)}{_names([one.variant for one in patients if one.brain is None])}"
    )


def outline_line(name: str, patients: Sequence[Figures]) -> str:
    """Return the line of the proposed outlines of one variant or of all."""
    found = [one.outline for one in patients if one.outline is not None]
    refused = Counter(str(one.refused["outline"]) for one in patients if "outline" in one.refused)
    if not found:
        return f"outline, {name}: refused {dict(refused)}"
    dices = [one.dice for one in found]
    return (
        f"outline, {name}: Dice {np.median(dices):.2f} (least {min(dices):.2f}), "
        f"HD95 {np.median([one.hausdorff_mm for one in found]):.1f} mm, "
        f"widest slice {np.median([one.slice_mm for one in found]):.1f} mm off, "
        f"rectangle {np.median([one.rectangle for one in found]):.2f}; refused {dict(refused) or 0}"
    )


def _names(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""


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


def rcbv_line(name: str, results: Sequence[RcbvResult | None]) -> str:
    """Return the line of rCBV with or without correction."""
    computed = [result for result in results if result is not None]
    if not computed:
        return f"rCBV {name}: every series was refused"
    correlations, biases = [result.correlation for result in computed], [result.bias for result in computed]
    return (
        f"rCBV {name}: correlation with the truth {np.median(correlations):.3f} (least {min(correlations):.3f}), "
        f"bias in the solid tumour {np.median(biases):+.1%} (from {min(biases):+.1%} to {max(biases):+.1%})"
    )


def report(count: int) -> Iterator[str]:
    """Measure this many patients, of each variant in turn, and yield the lines of the report."""
    patients: list[Figures] = Parallel(n_jobs=2)(
        delayed(figures)(number, VARIANTS[number % len(VARIANTS)]) for number in range(count)
    )
    yield f"{count} synthetic patients, displaced by up to 10 mm and 10 degrees along and about every axis"
    yield from registration_lines(patients)
    yield f"registration of one series {RERUNS} times: {distinct_reruns()} distinct results"
    yield brain_line(patients)
    yield outline_line(f"all (a median of {OUTLINE_BAR} is the aim)", patients)
    for variant in VARIANTS[:count]:
        yield outline_line(variant.name, [one for one in patients if one.variant == variant.name])
    yield from adc_lines(patients)
    yield rcbv_line("corrected", [one.corrected for one in patients])
    yield rcbv_line("uncorrected", [one.uncorrected for one in patients])


if __name__ == "__main__":
    for line in report(int(sys.argv[1]) if len(sys.argv) > 1 else len(VARIANTS) * 2):
        sys.stdout.write(f"{line}\n")
