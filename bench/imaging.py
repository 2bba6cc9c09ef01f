"""Registration beside ANTs and elastix, and a whole study beside dcm2niix with elastix, on synthetic patients.

`make bench` installs the peers (bench/requirements.lock) beside our own packages.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import ants
import itk
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Volume
from idh_tasks.imaging.files import write_volume
from idh_tasks.imaging.registration import register
from idh_tasks.offline import imaging
from idh_tasks.phantom.patient import PatientPlan, write_patient
from tools.imaging_report import SURFACE, anatomy_of, scan

PATIENTS = 3
MOVING = (MrSequence.T1, MrSequence.T2, MrSequence.FLAIR, MrSequence.DWI, MrSequence.DSC)
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two images as files, and where each of the eight points of the fixed one lies in the moving one (LPS, mm)."""

    fixed: Path
    moving: Path
    volumes: tuple[Volume, Volume]
    truth: Points


@dataclass(frozen=True)
class Done:
    """How long a registration took, and its errors at the eight points in mm."""

    seconds: float
    errors: Points


def pairs(folder: Path) -> list[Pair]:
    """Return the displaced series of synthetic patients, each with the patient's MPRAGE."""
    found = []
    for number in range(PATIENTS):
        scanned = scan(number)
        volumes = {s: anatomy_of(acquired, s) for s, (_, _, acquired) in scanned.series.items()}
        for sequence, volume in volumes.items():
            write_volume(volume, folder / f"{number}-{sequence}.nii.gz")
        for sequence in MOVING:
            moved = scanned.series[sequence][1]
            truth = (SURFACE - moved.shift_mm) @ np.linalg.inv(moved.matrix()).T
            fixed, moving = (folder / f"{number}-{s}.nii.gz" for s in (MrSequence.MPRAGE, sequence))
            found.append(Pair(fixed, moving, (volumes[MrSequence.MPRAGE], volumes[sequence]), truth))
    return found


def ours(pair: Pair) -> Callable[[], Points]:
    """Register with this platform, on one thread."""
    fixed, moving = pair.volumes

    def run() -> Points:
        transform = register(fixed, moving).transform
        return np.array([transform.TransformPoint(point) for point in SURFACE.tolist()])

    return run


def by_ants(pair: Pair) -> Callable[[], Points]:
    """Register with ANTs' rigid preset, on all cores."""
    fixed, moving = (ants.image_read(str(path)) for path in (pair.fixed, pair.moving))

    def run() -> Points:
        done = ants.registration(fixed, moving, type_of_transform="Rigid", random_seed=1)
        transform = ants.read_transform(done["fwdtransforms"][0])
        return np.array([ants.apply_ants_transform_to_point(transform, point) for point in SURFACE.tolist()])

    return run


def by_elastix(pair: Pair) -> Callable[[], Points]:
    """Register with elastix' rigid preset, on all cores."""
    fixed, moving = (itk.imread(str(path), itk.F) for path in (pair.fixed, pair.moving))
    parameters = itk.ParameterObject.New()
    parameters.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap("rigid"))

    def run() -> Points:
        _, found = itk.elastix_registration_method(fixed, moving, parameter_object=parameters, log_to_console=False)
        turn = itk.Euler3DTransform[itk.D].New()
        turn.SetCenter([float(c) for c in found.GetParameter(0, "CenterOfRotationPoint")])
        turn.SetParameters(
            itk.OptimizerParameters[itk.D]([float(p) for p in found.GetParameter(0, "TransformParameters")])
        )
        return np.array([list(turn.TransformPoint(point)) for point in SURFACE.tolist()])

    return run


def timed(prepared: Callable[[], Points], truth: Points) -> Done:
    """Time a registration of images that lie in memory."""
    started = time.perf_counter()
    points = prepared()
    seconds = time.perf_counter() - started
    return Done(seconds, np.linalg.norm(points - truth, axis=1))


def told(name: str, done: list[Done]) -> float:
    """Print time and error of all registrations by one tool; return the median time."""
    errors = np.concatenate([one.errors for one in done])
    seconds = statistics.median(one.seconds for one in done)
    print(
        f"{name:10} {seconds:6.2f} s a registration (median of {len(done)}), error median {np.median(errors):.2f}, "
        f"95th percentile {np.percentile(errors, 95):.2f} mm"
    )
    return seconds


def study(folder: Path, number: int = 1) -> Path:
    """Write a synthetic study as DICOM."""
    write_patient(folder, PatientPlan(number, 3, IdhStatus.WILDTYPE, None, None, motion_mm=5, motion_degrees=5))
    return folder / f"{number:03d}"


def cut(folder: Path, out: Path) -> float:
    """Cut the patches of a study; return the seconds."""
    started = time.perf_counter()
    imaging.patches(folder, None, out)
    return time.perf_counter() - started


def first_volume(path: Path) -> itk.Image:
    """Read an image, of several volumes the first."""
    image = sitk.ReadImage(str(path), sitk.sitkFloat32)
    if image.GetDimension() == 4:
        sitk.WriteImage(image[:, :, :, 0], str(path))
    return itk.imread(str(path), itk.F)


def peers(folder: Path, out: Path) -> float:
    """Convert the same study with dcm2niix and register five series with elastix; return the seconds."""
    out.mkdir()
    started = time.perf_counter()
    tool = Path(sys.executable).with_name("dcm2niix")
    subprocess.run([tool, "-z", "n", "-f", "%s", "-o", out, folder], check=True, capture_output=True)  # noqa: S603 - ours
    images = {path.stem: first_volume(path) for path in sorted(out.glob("*.nii"))}
    fixed = images.pop("4")
    parameters = itk.ParameterObject.New()
    parameters.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap("rigid"))
    for image in images.values():
        itk.elastix_registration_method(fixed, image, parameter_object=parameters, log_to_console=False)
    return time.perf_counter() - started


def worker(folder: Path, root: Path, number: int) -> int:
    """Cut one study in a worker; return the most memory the worker has held, in MiB."""
    cut(folder, root / f"out{number}")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def registrations(folder: Path) -> None:
    """Measure single registrations by all three."""
    found = pairs(folder)
    medians = {}
    for name, prepare in (("ours", ours), ("ANTs", by_ants), ("elastix", by_elastix)):
        medians[name] = told(name, [timed(prepare(pair), pair.truth) for pair in found])
    for peer in ("ANTs", "elastix"):
        print(f"ratio {peer} / ours {medians[peer] / medians['ours']:.2f}")


def studies(folder: Path) -> None:
    """Measure a whole study beside its peers, and the pace of two workers."""
    one = study(folder)
    mine = min(cut(one, folder / f"a{n}") for n in range(2))
    theirs = min(peers(one, folder / f"b{n}") for n in range(2))
    print(f"study from DICOM: ours {mine:.1f} s to patches; dcm2niix and five times elastix {theirs:.1f} s")
    print(f"ratio {mine / theirs:.2f}")
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(partial(worker, one, folder), range(2)))
        started = time.perf_counter()
        memory = list(pool.map(partial(worker, one, folder), range(2, 10)))
        per_hour = 8 * 3600 / (time.perf_counter() - started)
    print(f"two workers: {per_hour:.0f} studies an hour, at most {max(memory)} MiB a worker")


def main() -> None:
    """Measure all sides in one run."""
    with tempfile.TemporaryDirectory() as name:
        studies(Path(name))
        registrations(Path(name))


if __name__ == "__main__":
    main()
