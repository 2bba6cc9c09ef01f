"""Compares registration with ANTs and elastix, and a whole study with dcm2niix and elastix, on synthetic patients.

`make bench` installs these tools (bench/requirements.lock) beside the platform's own packages.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest.mock import patch

import ants
import itk
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Volume
from idh_tasks.imaging import registration, registration_controls
from idh_tasks.imaging.files import write_volume
from idh_tasks.imaging.perfusion import rcbv
from idh_tasks.imaging.registration import register
from idh_tasks.offline.patches import cut_study
from idh_tasks.phantom.patient import PatientPlan, write_patient
from idh_tasks.pipelines.preprocess import cut_patches, study_images, tumour_outline
from tools.phantom_scan import SURFACE, anatomy_of, scan

PATIENTS = 3
MOVING = (MrSequence.T1, MrSequence.T2, MrSequence.FLAIR, MrSequence.DWI, MrSequence.DSC)
Points = NDArray[np.float64]
P = ParamSpec("P")
R = TypeVar("R")
STUDIES = 3
"""Times that each side processes the study, in turn, because other work on the machine slows both."""
PARTS = {
    "brain mask": (study_images, "extract"),
    "registration": (study_images, "register"),
    "of it controls, with the second start": (registration, "measure_controls"),
    "of it the second start": (registration_controls, "_second_start_mm"),
    "estimate of DSC motion": (rcbv, "estimate_motion"),
    "correction of DSC motion": (rcbv, "correct_motion"),
    "proposed outline": (tumour_outline, "propose_tumour"),
    "quality sheet": (cut_patches, "qc_sheet"),
}
"""What is timed apart within a study: the module that calls it, and the name by which it does."""


@dataclass(frozen=True)
class Pair:
    """Two images as files and volumes, and the eight points of the fixed one in the moving one (LPS, mm)."""

    fixed: Path
    moving: Path
    volumes: tuple[Volume, Volume]
    truth: Points


@dataclass(frozen=True)
class Cost:
    """Wall and CPU time of a piece of work in s."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Timing:
    """The duration of a registration, and its errors at the eight points in mm."""

    seconds: float
    errors: Points


def pairs(folder: Path) -> list[Pair]:
    """Return the displaced series of synthetic patients, each with the patient's MPRAGE."""
    result = []
    for number in range(PATIENTS):
        scanned = scan(number)
        volumes = {s: anatomy_of(acquired, s) for s, (_, _, acquired) in scanned.series.items()}
        files = {s: folder / f"{number}-{s}.nii.gz" for s in volumes}
        for sequence, volume in volumes.items():
            write_volume(volume, files[sequence])
        for sequence in MOVING:
            displacement = scanned.series[sequence][1]
            truth = (SURFACE - displacement.shift_mm) @ np.linalg.inv(displacement.matrix()).T
            images = volumes[MrSequence.MPRAGE], volumes[sequence]
            result.append(Pair(files[MrSequence.MPRAGE], files[sequence], images, truth))
    return result


def ours(pair: Pair) -> Callable[[], Points]:
    """Register with this platform on one thread."""
    fixed, moving = pair.volumes

    def run() -> Points:
        transform = register(fixed, moving).transform
        return np.array([transform.TransformPoint(point) for point in SURFACE.tolist()])

    return run


def by_ants(pair: Pair) -> Callable[[], Points]:
    """Register with the rigid preset of ANTs on all cores."""
    fixed, moving = (ants.image_read(str(path)) for path in (pair.fixed, pair.moving))

    def run() -> Points:
        result = ants.registration(fixed, moving, type_of_transform="Rigid", random_seed=1)
        transform = ants.read_transform(result["fwdtransforms"][0])
        return np.array([ants.apply_ants_transform_to_point(transform, point) for point in SURFACE.tolist()])

    return run


def by_elastix(pair: Pair) -> Callable[[], Points]:
    """Register with the rigid preset of elastix on all cores."""
    fixed, moving = (itk.imread(str(path), itk.F) for path in (pair.fixed, pair.moving))
    parameters = itk.ParameterObject.New()
    parameters.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap("rigid"))

    def run() -> Points:
        _, result = itk.elastix_registration_method(fixed, moving, parameter_object=parameters, log_to_console=False)
        transform = itk.Euler3DTransform[itk.D].New()
        transform.SetCenter([float(c) for c in result.GetParameter(0, "CenterOfRotationPoint")])
        transform.SetParameters(
            itk.OptimizerParameters[itk.D]([float(p) for p in result.GetParameter(0, "TransformParameters")])
        )
        return np.array([list(transform.TransformPoint(point)) for point in SURFACE.tolist()])

    return run


def timed(registration: Callable[[], Points], truth: Points) -> Timing:
    """Time a registration of images in memory."""
    started = time.perf_counter()
    points = registration()
    seconds = time.perf_counter() - started
    return Timing(seconds, np.linalg.norm(points - truth, axis=1))


def print_timings(name: str, timings: list[Timing]) -> float:
    """Print time and error of all registrations with one tool; return the median time."""
    errors = np.concatenate([timing.errors for timing in timings])
    seconds = statistics.median(timing.seconds for timing in timings)
    print(
        f"{name:10} {seconds:6.2f} s per registration (median of {len(timings)}), "
        f"error median {np.median(errors):.2f}, 95th percentile {np.percentile(errors, 95):.2f} mm"
    )
    return seconds


def study(folder: Path, number: int = 1) -> Path:
    """Write a synthetic study as DICOM."""
    write_patient(folder, PatientPlan(number, 3, IdhStatus.WILDTYPE, None, None, motion_mm=5, motion_degrees=5))
    return folder / f"{number:03d}"


def cpu_s() -> float:
    """Return the CPU time of this process and its children so far in s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def cost(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Cost:
    """Return wall and CPU time of a call."""
    started, used = time.perf_counter(), cpu_s()
    work(*args, **kwargs)
    return Cost(time.perf_counter() - started, cpu_s() - used)


def cut_in_parts(folder: Path, out: Path) -> dict[str, float]:
    """Cut the patches of a study without a delivered outline; return the CPU time of each part in s."""
    seconds = dict.fromkeys(PARTS, 0.0)
    with ExitStack() as stack:
        for part, (module, name) in PARTS.items():
            stack.enter_context(patch.object(module, name, _stopwatch(getattr(module, name), part, seconds)))
        cut_study(folder, None, out)
    return seconds


def _stopwatch(function: Callable[P, R], part: str, seconds: dict[str, float]) -> Callable[P, R]:
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        used = cpu_s()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[part] += cpu_s() - used

    return run


def first_volume(path: Path) -> itk.Image:
    """Read an image, or the first volume of several."""
    image = sitk.ReadImage(str(path), sitk.sitkFloat32)
    if image.GetDimension() == 4:
        sitk.WriteImage(image[:, :, :, 0], str(path))
    return itk.imread(str(path), itk.F)


def peers(folder: Path, out: Path) -> None:
    """Convert the same study with dcm2niix and register five series with elastix."""
    out.mkdir()
    tool = Path(sys.executable).with_name("dcm2niix")
    subprocess.run([tool, "-z", "n", "-f", "%s", "-o", out, folder], check=True, capture_output=True)  # noqa: S603 - ours
    images = {path.stem: first_volume(path) for path in sorted(out.glob("*.nii"))}
    fixed = images.pop("4")
    parameters = itk.ParameterObject.New()
    parameters.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap("rigid"))
    for image in images.values():
        itk.elastix_registration_method(fixed, image, parameter_object=parameters, log_to_console=False)


def our_worker(folder: Path, root: Path, number: int) -> int:
    """Cut one study in a worker; return the peak memory of the worker in MiB."""
    cut_study(folder, None, root / f"out{number}")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def peer_worker(folder: Path, root: Path, number: int) -> int:
    """Convert and register one study in a worker; return the peak memory of the worker in MiB."""
    peers(folder, root / f"peers{number}")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def night(name: str, work: Callable[[int], int]) -> float:
    """Process eight studies in two workers, print the peak memory of a worker, and return the wall time in s."""
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
        started = time.perf_counter()
        memory = list(pool.map(work, range(2, 10)))
        seconds = time.perf_counter() - started
    print(f"{name}, two workers: {8 * 3600 / seconds:.0f} studies per hour, at most {max(memory)} MiB per worker")
    return seconds


def registrations(folder: Path) -> None:
    """Measure single registrations with all three tools."""
    all_pairs = pairs(folder)
    medians = {}
    for name, prepare in (("ours", ours), ("ANTs", by_ants), ("elastix", by_elastix)):
        medians[name] = print_timings(name, [timed(prepare(pair), pair.truth) for pair in all_pairs])
    for peer in ("ANTs", "elastix"):
        print(f"ratio {peer} / ours {medians[peer] / medians['ours']:.2f}")


def studies(folder: Path) -> None:
    """Compare a whole study with its peers, and measure the throughput of two workers."""
    one = study(folder)
    cut_study(one, None, folder / "first")  # imports and networks are loaded once per worker
    ours, theirs = [], []
    for number in range(STUDIES):
        ours.append(cost(cut_study, one, None, folder / f"a{number}"))
        theirs.append(cost(peers, one, folder / f"b{number}"))
    for unit in ("wall_s", "cpu_s"):
        mine, peer = (statistics.median(getattr(one, unit) for one in side) for side in (ours, theirs))
        print(
            f"study from DICOM, {unit}: ours {mine:.1f} to patches; dcm2niix and five registrations with elastix "
            f"{peer:.1f}; ratio {mine / peer:.2f}"
        )
    for outline in one.glob("roi*"):
        outline.unlink()
    for part, seconds in cut_in_parts(one, folder / "parts").items():
        print(f"of which {part} {seconds:.2f} CPU-s")
    mine = night("ours", partial(our_worker, one, folder))
    peer = night("dcm2niix and elastix", partial(peer_worker, one, folder))
    print(f"eight studies in two workers, wall: ratio {mine / peer:.2f}")


def main() -> None:
    """Run all measurements."""
    with tempfile.TemporaryDirectory() as name:
        studies(Path(name))
        registrations(Path(name))


if __name__ == "__main__":
    main()
