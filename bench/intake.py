"""Instances per second through gate, de-identification and store, and from the PACS, beside DCMTK's own tools."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID

from idh_tasks.dicom.files import encoded
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.transport import dimse
from idh_tasks.intake.transport.archive import pack
from idh_tasks.local import orthanc, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import wait_until
from idh_tasks.pipelines.ingest.sources import Fetched
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import PacsSettings
from tests.factories import dicom_bytes, stack

INSTANCES, MATRIX = 600, 256
STUDY, EARLIER = "1.2.826.0.1.600", "1.2.826.0.1.599"
TIMES = 5
"""Of one pass DCMTK's rate varies by half."""
NO_DELAY = {**os.environ, "TCP_NODELAY": "1"}
"""Without it DCMTK, like Orthanc, waits 40 ms for each instance: no fair peer."""


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


def rate(work: Callable[[], object], times: int = 1) -> float:
    """Return instances per second of a pass over the study, the median of several."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return INSTANCES / (time.perf_counter() - started)

    return median(once() for _ in range(times))


def _check_all(sandbox: Sandbox, contents: list[bytes]) -> None:
    for content in contents:
        sandbox.check(content)


def stages(platform: Platform, files: dict[str, bytes]) -> Iterator[tuple[str, float]]:
    """Yield where the time goes, stage by stage."""
    contents = list(files.values())
    with Sandbox() as sandbox:
        sandbox.check(contents[0])
        yield "gate in the sandbox", rate(lambda: _check_all(sandbox, contents))
    headers: list[Dataset] = []
    yield "reading again", rate(lambda: headers.extend(admit(content, decode=False).ds for content in contents))
    clean: list[Dataset] = []
    key, patient = platform.pseudonymiser, PatientKey("p")
    yield "de-identification", rate(lambda: clean.extend(deidentify(ds, patient, key) for ds in headers))
    yield "encoding", rate(lambda: [encoded(ds) for ds in clean])
    platform.store.put("bench/first", b"")
    yield "archive and S3 put", rate(lambda: platform.store.put("bench/study", pack(files)))


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
    out = folder / "got"
    out.mkdir()
    titles = ["-aet", pacs.calling_aet, "-aec", pacs.called_aet]
    asked = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}", "-od", str(out)]
    command = ["getscu", *titles, *asked, pacs.host, str(pacs.port)]
    got = rate(lambda: subprocess.run(command, env=NO_DELAY, check=True, capture_output=True), TIMES)  # noqa: S603 - ours
    assert len(list(out.iterdir())) == INSTANCES
    return got


def main() -> None:
    """Measure both sides in one run and print rates and ratios."""
    files = study()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        installation = Installation(Path(folder))
        platform = up.services_up(installation, lambda _: None)
        pacs = orthanc.settings(installation)
        paths = []
        for name, content in files.items():
            paths.append(Path(folder) / name)
            paths[-1].write_bytes(content)
        measured = dict(stages(platform, files))
        # An S3 server that has never held anything makes its volumes first; DCMTK's receiver needs nothing of the kind.
        store_studies(platform, Fetched(study(EARLIER, 60)))
        deliveries = [Fetched(study(f"{STUDY}.{number}")) for number in range(TIMES)]
        whole = rate(lambda: store_studies(platform, deliveries.pop()), TIMES)
        dimse.send_study(pacs, paths)
        from_pacs = rate(lambda: dimse.retrieve(pacs, STUDY, dimse.list_study(pacs, STUDY).places), TIMES)
        peers = {}
        if shutil.which("storescu"):
            peers = dict(dcmtk(files, installation.ports["redis"])) | {"getscu": getscu(pacs, Path(folder))}
        up.down(installation, lambda _: None)
    for name, value in {**measured, "all checks and store": whole, "C-GET from Orthanc": from_pacs, **peers}.items():
        print(f"{name:34} {value:8.0f} instances/s")
    if peers:
        raw = peers["storescu → storescp"]
        print(f"ratio: all checks and store / DCMTK's raw transfer {whole / raw:.2f}")
        print(f"ratio: C-GET from Orthanc / DCMTK's from Orthanc {from_pacs / peers['getscu']:.2f}")
    else:
        print("DCMTK is not installed: nothing to compare with")


if __name__ == "__main__":
    main()
