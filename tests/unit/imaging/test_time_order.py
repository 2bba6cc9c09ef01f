"""The volumes of a dynamic series are in the order in which they were acquired, or the series is refused."""

from random import Random
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.sequence import Sequence

from idh_tasks.dicom.classic import frames
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_echoes, assemble_over_time
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from tests.dynamic import SLICES, TR_S, Header, clock, dynamic, enhanced_volume

MORNING, BEFORE_MIDNIGHT = 36_600.0, 86_395.0


def at(t: float, k: int = 0) -> float:
    """Return the time at which slice k of volume t is acquired, interleaved."""
    return TR_S * (t + (0.0, 0.5, 0.25, 0.75)[k])


HEADERS: dict[str, Header] = {
    "temporal position": lambda t, _: {"TemporalPositionIdentifier": t + 1},
    "acquisition time": lambda t, _: {"AcquisitionTime": clock(MORNING + at(t))},
    "acquisition time of each slice": lambda t, k: {"AcquisitionTime": clock(MORNING + at(t, k))},
    "acquisition time past midnight": lambda t, _: {"AcquisitionTime": clock(BEFORE_MIDNIGHT + at(t))},
    "acquisition date and time past midnight": lambda t, _: {
        "AcquisitionDateTime": f"2024010{1 if BEFORE_MIDNIGHT + at(t) < 86400 else 2}{clock(BEFORE_MIDNIGHT + at(t))}"
    },
    "trigger time": lambda t, _: {"TriggerTime": f"{1000 * at(t):.0f}", "AcquisitionTime": clock(MORNING)},
    "acquisition number": lambda t, _: {"AcquisitionNumber": t + 1},
    "instance number by volume": lambda t, k: {"InstanceNumber": SLICES * t + k + 1},
    "instance number by slice": lambda t, k: {"InstanceNumber": 10 * k + t + 1},
    "instance number within the volume, and times": lambda t, k: {
        "InstanceNumber": k + 1, "AcquisitionTime": clock(MORNING + at(t)),
    },
    "temporal position of pairs, and times": lambda t, k: {
        "TemporalPositionIdentifier": t // 2 + 1, "AcquisitionTime": clock(MORNING + at(t, k)),
    },
    "temporal position of groups of five, and trigger times": lambda t, _: {
        "TemporalPositionIdentifier": t // 5, "TriggerTime": f"{1000 * at(t):.0f}",
    },
    "instance number in reverse, and times": lambda t, k: {
        "InstanceNumber": 100 - SLICES * t - k, "AcquisitionTime": clock(MORNING + at(t)),
    },
}  # fmt: skip


def order(instances: list[Dataset]) -> list[float]:
    """Return the value of each volume, which is 100 in the first."""
    return assemble_over_time(frames(instances)).voxels[:, 1, 4, 4].tolist()


def refusal(instances: list[Dataset]) -> tuple[str, str]:
    with pytest.raises(SeriesRejectedError) as caught:
        assemble_over_time(frames(instances))
    return caught.value.code, caught.value.reason


IN_ORDER = [100.0 + t for t in range(10)]


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_the_order_is_found_from_what_the_headers_state(header: Header) -> None:
    series = assemble_over_time(dynamic(header))
    assert series.voxels[:, 1, 4, 4].tolist() == IN_ORDER
    assert series.steps == pytest.approx([TR_S * t for t in range(10)])


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_the_order_survives_deidentification(header: Header) -> None:
    pseudonymiser = Pseudonymiser("k" * 32)
    clean = [deidentify(ds, PatientKey("p"), pseudonymiser) for ds in dynamic(header)]
    assert order(clean) == IN_ORDER


FILES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "date and time of the frame": ({"FrameAcquisitionDateTime": "20240101{clock}"}, {}),
    "date and time of the image": ({"TemporalPositionIndex": 1}, {"AcquisitionDateTime": "20240101{clock}"}),
    "temporal position": ({"TemporalPositionIndex": "{number}"}, {}),
    "number of the image": ({"TemporalPositionIndex": 1}, {"InstanceNumber": "{number}"}),
}


def _filled(attributes: dict[str, Any], t: int) -> dict[str, Any]:
    texts = {k: str(v).format(clock=clock(MORNING + at(t)), number=t + 1) for k, v in attributes.items()}
    return {k: int(text) if k in ("TemporalPositionIndex", "InstanceNumber") else text for k, text in texts.items()}


@pytest.mark.parametrize(("frame", "image"), FILES.values(), ids=FILES.keys())
def test_volumes_in_enhanced_files_of_their_own_are_in_order(frame: dict[str, Any], image: dict[str, Any]) -> None:
    files = [enhanced_volume(t, _filled(frame, t), **_filled(image, t)) for t in range(10)]
    Random(4).shuffle(files)
    series = assemble_over_time(frames(files))
    assert series.voxels[:, 1, 4, 4].tolist() == IN_ORDER
    assert (series.steps[1], series.echo_time_ms) == (TR_S, 30.0)


TIME_POINTERS = ["TemporalPositionIndex", "FrameAcquisitionDateTime", "NominalCardiacTriggerDelayTime"]


def dimensions(*pointers: str) -> Sequence:
    """Return the Dimension Index Sequence of an image with these dimensions."""
    items = []
    for pointer in pointers:
        item = Dataset()
        item.DimensionIndexPointer = tag_for_keyword(pointer)
        items.append(item)
    return Sequence(items)


def indexed(index: list[int], *pointers: str) -> list[float]:
    """Return the order of volumes in files of their own whose frames state `index`, with {0} the place in time."""
    files = []
    for t in Random(4).sample(range(10), 10):
        values = [t + 1 if value == 0 else value for value in index]
        files.append(enhanced_volume(t, {"DimensionIndexValues": values}, DimensionIndexSequence=dimensions(*pointers)))
    return order([merged(files)])


def merged(files: list[Dataset]) -> Dataset:
    """Return one enhanced image with the frames of all."""
    image = files[0]
    image.PixelData = b"".join(one.PixelData for one in files)
    image.PerFrameFunctionalGroupsSequence = Sequence([
        group for one in files for group in one.PerFrameFunctionalGroupsSequence
    ])  # fmt: skip
    image.NumberOfFrames = len(image.PerFrameFunctionalGroupsSequence)
    return image


@pytest.mark.parametrize("pointer", TIME_POINTERS)
def test_the_order_is_found_from_dimension_indices_alone(pointer: str) -> None:
    assert indexed([1, 0], "StackID", pointer) == IN_ORDER
    assert indexed([0, 1, 1], pointer, "StackID", "EffectiveEchoTime") == IN_ORDER


def test_dimension_indices_that_are_not_understood_do_not_count() -> None:
    for index, pointers in (
        ([1, 0], ("StackID", "ImageType")),
        ([1, 0], ("StackID", "TemporalPositionIndex", "EffectiveEchoTime")),
        ([1, 0], ()),
    ):
        with pytest.raises(SeriesRejectedError, match="E_TIMING"):
            indexed(index, *pointers)


def test_dimensions_of_time_that_contradict_each_other_are_refused() -> None:
    files = [
        enhanced_volume(
            t,
            {"DimensionIndexValues": [t + 1, 10 - t]},
            DimensionIndexSequence=dimensions("TemporalPositionIndex", "FrameAcquisitionDateTime"),
        )
        for t in range(10)
    ]
    assert refusal([merged(files)])[0] == "E_TIMING"


def test_without_any_number_or_time_the_series_is_refused() -> None:
    assert refusal(dynamic(lambda *_: {}))[0] == "E_TIMING"


TIES: dict[str, Header] = {
    "temporal position of pairs without times": lambda t, k: {
        "TemporalPositionIdentifier": t // 2,
        "InstanceNumber": SLICES * t + k + 1,
    },
    "temporal position of pairs acquired together": lambda t, _: {
        "TemporalPositionIdentifier": t // 2,
        "AcquisitionTime": clock(MORNING + at(t // 2)),
    },
    "temporal position of two echoes soon after one another": lambda t, _: {
        "TemporalPositionIdentifier": t // 2,
        "AcquisitionTime": clock(MORNING + at(t // 2) + 0.03 * (t % 2)),
    },
    "temporal position of groups that are interleaved in time": lambda t, _: {
        "TemporalPositionIdentifier": t % 5,
        "AcquisitionTime": clock(MORNING + at(t)),
    },
    "two temporal positions": lambda t, _: {"TemporalPositionIdentifier": min(t, 8)},
    "two times": lambda t, _: {"AcquisitionTime": clock(MORNING + at(min(t, 8)))},
    "the same instance numbers": lambda _, k: {"InstanceNumber": k + 1},
    "all the same": lambda *_: {"InstanceNumber": 1, "AcquisitionTime": clock(MORNING), "TriggerTime": "0"},
}


@pytest.mark.parametrize("header", TIES.values(), ids=TIES.keys())
def test_ties_are_refused(header: Header) -> None:
    assert refusal(dynamic(header))[0] == "E_TIMING"


CONTRADICTIONS: dict[str, Header] = {
    "times run backwards": lambda t, _: {
        "TemporalPositionIdentifier": t + 1, "AcquisitionTime": clock(MORNING + at(10 - t)),
    },
    "a volume is missing in time": lambda t, _: {"AcquisitionTime": clock(MORNING + at(t + (t > 4)))},
    "a volume takes less than TR": lambda t, _: {"AcquisitionTime": clock(MORNING + at(t) / 3)},
    "trigger times contradict": lambda t, _: {"TemporalPositionIdentifier": t + 1, "TriggerTime": str(1000 - 10 * t)},
    "two numbers state two orders, and there is no time": lambda t, k: {
        "AcquisitionNumber": 10 - t, "InstanceNumber": SLICES * t + k + 1,
    },
    "slices lack different volumes": lambda t, k: {"AcquisitionTime": clock(MORNING + at(t + (t > 3 + k)))},
}  # fmt: skip


@pytest.mark.parametrize("header", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_contradictions_are_refused(header: Header) -> None:
    assert refusal(dynamic(header))[0] == "E_TIMING"


def test_volumes_of_which_different_slices_lack_different_time_points_are_refused() -> None:
    one_each = [
        lambda t, k: {"TemporalPositionIdentifier": t + 1 + (t > 3 + k)},
        lambda t, k: {"InstanceNumber": SLICES * (t + (t > 3 + k)) + k + 1},
    ]
    assert [refusal(dynamic(header))[0] for header in one_each] == ["E_GEOMETRY_GAP", "E_TIMING"]


def test_the_last_volume_is_left_out_if_it_is_incomplete_and_any_other_is_not() -> None:
    instances = dynamic(HEADERS["temporal position"])
    cut = [ds for ds in instances if ds.TemporalPositionIdentifier < 10 or ds.ImagePositionPatient[2] < 10]
    assert order(cut) == IN_ORDER[:-1]
    holed = [ds for ds in instances if ds.TemporalPositionIdentifier != 5 or ds.ImagePositionPatient[2] < 10]
    assert refusal(holed) == ("E_GEOMETRY_GAP", "the slices have different numbers of time points, 9 to 10")


NUMBERED = HEADERS["temporal position"]


def test_the_step_is_the_stated_resolution_where_a_volume_takes_many_repetitions() -> None:
    presto = {"RepetitionTime": "17", "MRAcquisitionType": "3D"}
    assert assemble_over_time(dynamic(NUMBERED, 10, TemporalResolution="1800", **presto)).steps[1] == 1.8
    code, reason = refusal(dynamic(NUMBERED, 10, **presto))
    assert (code, "17 ms is not that of a volume" in reason) == ("E_TIMING", True)


@pytest.mark.parametrize("missing", ["RepetitionTime", "EchoTime"])
def test_without_repetition_or_echo_time_the_series_is_refused(missing: str) -> None:
    instances = dynamic(NUMBERED)
    for ds in instances:
        delattr(ds, missing)
    assert refusal(instances)[0] == "E_TIMING"


def test_times_in_whole_seconds_are_enough() -> None:
    def whole_seconds(t: int, _: int) -> dict[str, Any]:
        return {"AcquisitionTime": clock(MORNING + int(at(t)))}

    series = assemble_over_time(dynamic(whole_seconds))
    assert (series.steps[1], series.voxels[:, 1, 4, 4].tolist()) == (TR_S, IN_ORDER)


def two_echoes(volumes: int = 10) -> list[Dataset]:
    short, long = (dynamic(NUMBERED, volumes, EchoTime=str(echo)) for echo in (12, 34.5))
    return [*long, *short]


def test_two_echoes_are_two_series_on_one_grid_by_ascending_echo_time() -> None:
    short, long = assemble_echoes(two_echoes())
    assert (short.echo_time_ms, long.echo_time_ms) == (12.0, 34.5)
    assert (short.geometry, short.steps) == (long.geometry, long.steps)
    assert short.voxels[:, 1, 4, 4].tolist() == long.voxels[:, 1, 4, 4].tolist() == IN_ORDER
    assert assemble_over_time(two_echoes()).echo_time_ms == 34.5


def test_two_echoes_with_different_numbers_of_volumes_are_refused() -> None:
    instances = [ds for ds in two_echoes() if ds.EchoTime == 12 or ds.TemporalPositionIdentifier <= 9]
    assert refusal(instances)[0] == "E_TIMING"


def test_maps_and_phase_images_in_the_series_are_left_out() -> None:
    phase = dynamic(NUMBERED, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"])
    cbv = dynamic(NUMBERED, 1, ImageType=["DERIVED", "PRIMARY", "PERFUSION", "RCBV"])
    assert order([*cbv, *phase, *dynamic(NUMBERED)]) == IN_ORDER


def test_the_place_of_a_frame_in_its_image_says_nothing_about_time() -> None:
    volumes = [enhanced_volume(t, {}) for t in range(10)]
    one = volumes[0]
    one.NumberOfFrames = 10 * SLICES
    one.PixelData = b"".join(volume.PixelData for volume in reversed(volumes))
    groups = [group for volume in volumes for group in volume.PerFrameFunctionalGroupsSequence]
    one.PerFrameFunctionalGroupsSequence = Sequence(groups)
    with pytest.raises(SeriesRejectedError, match="E_TIMING"):
        assemble_over_time(frames([one]))
