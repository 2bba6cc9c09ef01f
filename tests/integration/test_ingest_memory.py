"""The memory of an ingest does not depend on the size of the delivery: one instance at a time is in memory."""

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import UID

from idh_tasks.intake.transport.send import send_study
from idh_tasks.local import orthanc
from idh_tasks.pipelines.platform import Platform
from tests.factories import dicom_bytes, instance
from tests.hospital import SE_T1, outcomes, stored
from tests.peak_memory import ingest, peak_of

SMALL, LARGE = 60, int(os.environ.get("IDH_MEMORY_INSTANCES", "400"))
"""Numbers of instances of 0.5 MB; what 5,000 take was measured with the variable, and follows from both."""
MOST_INSTANCES, MOST_MIB = 5_000, 512


def images(uid: str, count: int) -> Iterator[bytes]:
    """Yield instances of 512 × 512 pixels in series of 250."""
    noise = np.random.default_rng(1)
    for number in range(count):
        series, slice_number = divmod(number, 250)
        ds = instance(
            StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.{series}", SOPInstanceUID=UID(f"{uid}.{series}.{number}"),
            SeriesNumber=series, ImagePositionPatient=[0, 0, slice_number], Rows=512, Columns=512,
            StudyDate="20210405", StudyDescription="MR Brain",
            PixelData=noise.integers(0, 4000, 2**18, dtype=np.uint16).tobytes(), **SE_T1,
        )  # fmt: skip
        yield dicom_bytes(ds)


def drop_zip(platform: Platform, uid: str, count: int) -> str:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for number, content in enumerate(images(uid, count)):
                archive.writestr(f"{number}.dcm", content)
        platform.drop.put_file(f"drop/{uid}.zip", file)
    return "bucket"


def drop_loose(platform: Platform, uid: str, count: int) -> str:
    for number, content in enumerate(images(uid, count)):
        platform.drop.put(f"drop/{uid}/{number}.dcm", content)
    return "bucket"


def send(platform: Platform, uid: str, count: int) -> str:
    pacs = platform.settings.pacs
    assert pacs is not None
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.dcm" for number in range(count)]
        for path, content in zip(paths, images(uid, count), strict=True):
            path.write_bytes(content)
        send_study(pacs, paths)
    return "pacs"


@pytest.mark.parametrize(
    "deliver",
    [
        drop_zip,
        drop_loose,
        pytest.param(send, marks=pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")),
    ],
)
def test_an_ingest_takes_as_much_memory_for_any_delivery(
    platform: Platform, deliver: Callable[[Platform, str, int], str]
) -> None:
    peaks, uids = [], [f"1.2.826.0.1.{LARGE}.{len(deliver.__name__)}.{number}" for number in range(2)]
    for uid, count in zip(uids, (SMALL, LARGE), strict=True):
        source = deliver(platform, uid, count)
        peaks.append(peak_of(f"{deliver.__name__} of {count} × 0.5 MB", ingest, platform.settings, source).own)
    small, large = peaks
    per_instance = max(large - small, 0) / (LARGE - SMALL)
    assert small + per_instance * (MOST_INSTANCES - SMALL) < MOST_MIB
    assert sum(outcomes(platform).values()) == outcomes(platform)["ingested"]
    assert sum(series.instances for series in stored(platform, uids[1]).series) == LARGE
