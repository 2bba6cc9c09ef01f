"""The night names a study as a whole, the same in one delivery and in parts, and as the desk does."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from idh_tasks.offline.intake import classify, files_below
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.factories import dicom_bytes, stack
from tests.hospital import drop, stored, with_instance_uid

MPRAGE = {"ScanningSequence": ["GR", "IR"], "RepetitionTime": "1900", "EchoTime": "2.5", "InversionTime": "900",
          "SeriesDescription": "t1_mprage_sag"}  # fmt: skip
BOLUS = {"ScanningSequence": ["EP", "GR"], "RepetitionTime": "1500", "EchoTime": "30", "ContrastBolusAgent": "DOTAREM"}
PARTS = {"before": ("100000", MPRAGE), "bolus": ("101000", BOLUS), "after": ("102000", MPRAGE)}
EVIDENCE = ["DSC high", "MPRAGE high", "T1 high"]


def part(name: str) -> list[Dataset]:
    time, physics = PARTS[name]
    number = list(PARTS).index(name)
    volumes = 20 if physics is BOLUS else 1
    uid = f"1.2.3.{number + 1}"
    header: dict[str, Any] = physics | {"AcquisitionTime": time, "SeriesInstanceUID": uid, "PixelSpacing": [1.5, 1.5]}
    instances = [ds for _ in range(volumes) for ds in stack([0.0, 5.0, 10.0, 15.0], **header)]
    return [with_instance_uid(ds, f"{uid}.{count}") for count, ds in enumerate(instances, start=1)]


def answers(platform: Platform) -> list[str]:
    named = [series.identification for series in stored(platform).series]
    return sorted(f"{one.sequence} {one.confidence}" for one in named)


def test_the_desk_gives_the_evidence_that_the_night_stores(platform: Platform, tmp_path: Path) -> None:
    instances = [ds for name in PARTS for ds in part(name)]
    for number, ds in enumerate(instances):
        (tmp_path / f"{number:03d}.dcm").write_bytes(dicom_bytes(ds))
    drop(platform, "one", instances)
    night.ingest(platform, ("bucket",))
    assert answers(platform) == EVIDENCE
    desk = {one.why for one in classify(files_below([tmp_path]))}
    assert desk == {series.identification.evidence for series in stored(platform).series}


@pytest.mark.parametrize("order", list(permutations(PARTS))[::2], ids="-".join)
def test_parts_in_any_order_end_as_the_whole_does(platform: Platform, order: tuple[str, ...]) -> None:
    for name in order:
        drop(platform, name, part(name))
        night.ingest(platform, ("bucket",))
    assert answers(platform) == EVIDENCE


def test_the_series_that_covers_the_head_comes_first(platform: Platform) -> None:
    slab = stack([0.5 * k for k in range(20)], SeriesInstanceUID="1.2.3.5", Rows=8, PixelSpacing=[20.0, 20.0],
                 SliceThickness="0.5", RepetitionTime="5000", EchoTime="100")  # fmt: skip
    whole = stack([5.0 * k for k in range(26)], SeriesInstanceUID="1.2.3.6", Rows=8, PixelSpacing=[20.0, 20.0],
                  SliceThickness="5", RepetitionTime="5000", EchoTime="100")  # fmt: skip
    drop(platform, "one", [*slab, *whole])
    night.ingest(platform, ("bucket",))
    assert [series.slice_geometry.coverage_mm for series in stored(platform).series] == [130.0, 10.0]
