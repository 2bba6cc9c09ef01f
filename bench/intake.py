"""Measures instances per second for gate, de-identification, storage and retrieval, and for DCMTK's own tools."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.role import Role
from idh_tasks.domain.study import PatientKey
from idh_tasks.endpoints import PacsSettings
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.transport.archive import pack_instances
from idh_tasks.intake.transport.find import list_study
from idh_tasks.intake.transport.retrieve import retrieve
from idh_tasks.intake.transport.send import send_study
from idh_tasks.intake.transport.spool import ReceivedFiles, Spool
from idh_tasks.local import orthanc, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import wait_until
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform
from tests.deliveries import fetched
from tests.factories import dicom_bytes, stack

INSTANCES, MATRIX = 600, 256
STUDY, EARLIER = "1.2.826.0.1.600", "1.2.826.0.1.599"
TIMES = 5
"""Number of passes: the rate of a single pass of DCMTK varies by half."""
NO_DELAY = {**os.environ, "TCP_NODELAY": "1"}
"""Without it DCMTK, like Orthanc, waits 40 ms per instance, which would not be a fair comparison."""


def study(uid: str = STUDY, instances: int = INSTANCES) -> dict[str, bytes]:
    """Return a study of synthetic instances of 256×256 voxels, three series."""
    rng = np.random.default_rng(1)
    files = {}
    for number, ds in enumerate(stack([1.0 * (k // 3) for k in range(instances)], StudyInstanceUID=uid)):
        ds.SeriesInstanceUID = f"{uid}.{number % 3 + 1}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(f"{uid}.9.{number}")
        ds.Rows = ds.Columns = MATRIX
        ds.PixelData = rng.integers(0, 4000, MATRIX * MATRIX, dtype=np.uint16).tobytes()
        files[f"{number:04d}.dcm"] = dicom_bytes(ds)
    return files


def rate(process: Callable[[], object], times: int = 1) -> float:
    """Return instances per second, as the median of several passes over the study."""

    def once() -> float:
        started = time.perf_counter()
        process()
        return INSTANCES / (time.perf_counter() - started)

    return median(once() for _ in range(times))


def stages(platform: Platform, files: dict[str, bytes]) -> Iterator[tuple[str, float]]:
    """Yield the rate of each stage."""
    contents = list(files.values())
    with Sandbox() as sandbox:
        sandbox.check(contents[0])
        yield "gate in the sandbox", rate(lambda: _check_each(sandbox, contents))
    headers: list[Dataset] = []
    yield "reading again", rate(lambda: headers.extend(admit(content, decode=False).ds for content in contents))
    deidentified: list[Dataset] = []
    key, patient = platform.pseudonymiser, PatientKey("p")
    yield "de-identification", rate(lambda: deidentified.extend(deidentify(ds, patient, key) for ds in headers))
    yield "encoding", rate(lambda: [encode_file(ds) for ds in deidentified])
    platform.store.put("bench/first", b"")
    yield "archive and S3 put", rate(lambda: platform.store.put("bench/study", packed(files)))


def packed(files: dict[str, bytes]) -> bytes:
    """Return the archive of a series as the platform stores it."""
    archive = BytesIO()
    pack_instances(archive, sorted(files.items()))
    return archive.getvalue()


def _check_each(sandbox: Sandbox, contents: list[bytes]) -> None:
    for content in contents:
        sandbox.check(content)


@contextmanager
def storescp(port: int) -> Iterator[Path]:
    """Run DCMTK's receiver."""
    with tempfile.TemporaryDirectory() as folder:
        command = [shutil.which("storescp") or "storescp", "-od", folder, "+xa", str(port)]
        process = subprocess.Popen(command, env=NO_DELAY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        time.sleep(0.5)
        yield Path(folder)
        process.kill()
        process.wait()


def dcmtk(files: dict[str, bytes], port: int) -> Iterator[tuple[str, float]]:
    """Yield the rates of DCMTK's tools on the same files."""
    with tempfile.TemporaryDirectory() as name, storescp(port) as received:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        send = [shutil.which("storescu") or "storescu", "+sd", "127.0.0.1", str(port), name]
        yield "storescu → storescp", rate(lambda: subprocess.run(send, env=NO_DELAY, check=True), TIMES)  # noqa: S603 - ours
        assert wait_until(lambda: len(list(received.iterdir())) == INSTANCES, 30)
        paths = [str(path) for path in sorted(folder.iterdir())]
        change = [
            "dcmodify",
            "-nb",
            "-ea",
            "PatientName",
            "-ea",
            "PatientBirthDate",
            "-m",
            "PatientID=x",
            "-gin",
            *paths,
        ]
        yield "dcmodify, 3 attributes and a UID", rate(lambda: subprocess.run(change, check=True, capture_output=True))  # noqa: S603 - ours


def getscu(pacs: PacsSettings, folder: Path) -> float:
    """Return the rate of DCMTK's C-GET of the same study from the same archive."""
    out = folder / "retrieved"
    out.mkdir()
    titles = ["-aet", pacs.calling_aet, "-aec", pacs.called_aet]
    query = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}", "-od", str(out)]
    command = ["getscu", *titles, *query, pacs.host, str(pacs.port)]
    retrieved = rate(lambda: subprocess.run(command, env=NO_DELAY, check=True, capture_output=True), TIMES)  # noqa: S603 - ours
    assert len(list(out.iterdir())) == INSTANCES
    return retrieved


@contextmanager
def services() -> Iterator[tuple[Installation, Platform]]:
    """Start a temporary installation, and stop it whatever happens."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        installation = Installation(Path(folder))
        try:
            up.services_up(installation, lambda _: None)
            yield installation, Platform(up.settings(installation, Role.OWNER))
        finally:
            up.down(installation, lambda _: None)


def platform_rates(platform: Platform, files: dict[str, bytes]) -> dict[str, float]:
    """Return the rates of the platform's stages, and of all of them together."""
    measured = dict(stages(platform, files))
    # A new S3 server first creates its volumes, which DCMTK's receiver does not need.
    store_studies(platform, fetched(study(EARLIER, 60)))
    deliveries = [fetched(study(f"{STUDY}.{number}")) for number in range(TIMES)]
    whole = rate(lambda: store_studies(platform, deliveries.pop()), TIMES)
    return measured | {"all checks and store": whole}


def retrieval_rate(pacs: PacsSettings, files: dict[str, bytes]) -> float:
    """Send the study to the archive and return the rate of our C-GET of it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        send_study(pacs, paths)
    return rate(lambda: retrieve(pacs, STUDY, list_study(pacs, STUDY), ReceivedFiles(Spool())), TIMES)


def dcmtk_rates(installation: Installation, files: dict[str, bytes]) -> dict[str, float]:
    """Return the rates of DCMTK's tools, or nothing if they are not installed."""
    if not shutil.which("storescu"):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        get = getscu(orthanc.settings(installation), Path(folder))
    return dict(dcmtk(files, installation.ports["redis"])) | {"getscu": get}


def main() -> None:
    """Measure the platform and DCMTK in one run and print rates and ratios."""
    files = study()
    with services() as (installation, platform):
        ours = platform_rates(platform, files)
        ours["C-GET from Orthanc"] = retrieval_rate(orthanc.settings(installation), files)
        peers = dcmtk_rates(installation, files)
    for name, value in {**ours, **peers}.items():
        print(f"{name:34} {value:8.0f} instances/s")
    if not peers:
        print("DCMTK is not installed: nothing to compare with")
        return
    transfer = ours["all checks and store"] / peers["storescu → storescp"]
    print(f"ratio: all checks and store / DCMTK's raw transfer {transfer:.2f}")
    print(f"ratio: C-GET from Orthanc / DCMTK's from Orthanc {ours['C-GET from Orthanc'] / peers['getscu']:.2f}")


if __name__ == "__main__":
    main()
