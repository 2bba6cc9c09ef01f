"""A series is separated into volumes before it is named; the answer does not depend on the order of its images."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.image_kind import KINDS
from idh_tasks.domain.study import PatientKey
from idh_tasks.imaging.assembly import assemble_over_b, assemble_volume
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.naming.series import NamedSeries, name_series
from tests.dynamic import clock, dynamic
from tests.factories import instance, stack

OF_THE_HEAD = {"W", "WATER", "IP", "IN", "IN_PHASE", "UNI"}
"""Values of Image Type of images that are read like any other of their timing."""
PLACES = [0.0, 5.0, 10.0, 15.0, 20.0]
MAGNITUDE = ["ORIGINAL", "PRIMARY", "M", "ND"]
T2 = {"SeriesDescription": "AX T2 TSE", "RepetitionTime": "4000", "EchoTime": "100", "ScanningSequence": "SE"}
EPI = {"SeriesDescription": "ep2d_diff", "RepetitionTime": "5000", "EchoTime": "90", "ScanningSequence": "EP"}
SAGITTAL = [0, 1, 0, 0, 0, -1]


def volume(places: list[float] | None = None, **overrides: Any) -> list[Dataset]:
    return stack(places or PLACES, **{"ImageType": MAGNITUDE, **T2, **overrides})


def by_ge(component: int | bytes) -> list[Dataset]:
    """Return a volume of which GE alone states the component of the complex image."""
    vr = "SS" if isinstance(component, int) else "UN"
    for ds in (images := volume()):
        ds.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, vr, component)
    return images


def dwi(b: float, kind: str, **overrides: Any) -> list[Dataset]:
    image_type = ["ORIGINAL" if kind == "NONE" else "DERIVED", "PRIMARY", "DIFFUSION", kind]
    return volume(ImageType=image_type, DiffusionBValue=b, **EPI | overrides)


def localizer(plane: list[int] = SAGITTAL) -> Dataset:
    return instance(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=plane, **T2)


SERIES: dict[str, tuple[Callable[[], list[Dataset]], dict[str, tuple[str, int]]]] = {
    "one volume": (volume, {"": ("T2", 5)}),
    "a localizer in a T2": (
        lambda: [localizer(), *volume()], {"image": ("T2", 5), "localizer": ("OTHER", 1)},
    ),
    "a rotated scout without a mark": (
        lambda: [*volume(), instance(ImageType=MAGNITUDE, ImageOrientationPatient=SAGITTAL, **T2)],
        {"axial": ("T2", 5), "sagittal": ("T2", 1)},
    ),
    "an axial scout with a timing of its own": (
        lambda: [*volume(), *volume([7.5], RepetitionTime="8", EchoTime="4", ScanningSequence="GR")],
        {"SE": ("T2", 5), "GR": ("OTHER", 1)},
    ),
    "PD and T2": (
        lambda: [*volume(EchoTime="15"), *volume()], {"TE 15": ("OTHER", 5), "TE 100": ("T2", 5)},
    ),
    "magnitude and phase": (
        lambda: [*volume(ImageType=["ORIGINAL", "PRIMARY", "P", "ND"]), *volume()],
        {"image": ("T2", 5), "phase": ("OTHER", 5)},
    ),
    "the components of a complex image": (
        lambda: [
            *volume(),
            *volume(ComplexImageComponent="PHASE"),
            *(ds for part in "RI" for ds in volume(ImageType=["ORIGINAL", "PRIMARY", part, "ND"])),
        ],
        {"image": ("T2", 5), "phase": ("OTHER", 5), "real": ("OTHER", 5), "imaginary": ("OTHER", 5)},
    ),
    "magnitude and phase by GE": (
        lambda: [*by_ge(0), *by_ge(b"\1\0")], {"image": ("T2", 5), "phase": ("OTHER", 5)},
    ),
    "two acquisitions": (
        lambda: [*volume(AcquisitionNumber=1), *volume(AcquisitionNumber=2)],
        {"acquisition 1": ("T2", 5), "acquisition 2": ("T2", 5)},
    ),
    "interleaved acquisitions of one volume": (
        lambda: [*volume([0.0, 10.0, 20.0], AcquisitionNumber=1), *volume([5.0, 15.0], AcquisitionNumber=2)],
        {"": ("T2", 5)},
    ),
    "two matrices": (
        lambda: [*volume(), *volume(Rows=4, Columns=16)], {"8x8": ("T2", 5), "4x16": ("T2", 5)},
    ),
    "diffusion with its ADC map": (
        lambda: [*dwi(0.0, "NONE"), *dwi(1000.0, "TRACEW"), *dwi(1000.0, "ADC")],
        {"image": ("DWI", 10), "ADC": ("ADC", 5)},
    ),
    "diffusion with many maps": (
        lambda: [*dwi(0.0, "NONE"), *dwi(1000.0, "NONE"), *dwi(1000.0, "TRACEW"), *dwi(0.0, "FA"), *dwi(0.0, "TENSOR"),
                 *dwi(0.0, "EXPONENTIAL")],
        {"image": ("DWI", 15), "anisotropy": ("OTHER", 5), "tensor": ("OTHER", 5), "exponential ADC": ("OTHER", 5)},
    ),
    "inversion times": (
        lambda: [*volume(InversionTime="700", ImageType=MAGNITUDE), *volume(InversionTime="2500")],
        {"TI 700": ("OTHER", 5), "TI 2500": ("FLAIR", 5)},
    ),
    "Dixon": (
        lambda: [ds for kind in ("W", "F", "IN", "OUT") for ds in volume(ImageType=[*MAGNITUDE[:2], "DIXON", kind])],
        {"water": ("T2", 5), "fat": ("T2", 5), "in phase": ("T2", 5), "opposed phase": ("T2", 5)},
    ),
}  # fmt: skip


def named(instances: list[Dataset]) -> dict[str, NamedSeries]:
    return {one.label: one for one in name_series(instances)}


@pytest.mark.parametrize(("make", "groups"), SERIES.values(), ids=SERIES.keys())
def test_a_series_is_separated_into_its_volumes(
    make: Callable[[], list[Dataset]], groups: dict[str, tuple[str, int]]
) -> None:
    found = {label: (one.identification.sequence.value, len(one.instances)) for label, one in named(make()).items()}
    assert {label: count for label, (_, count) in found.items()} == {
        label: count for label, (_, count) in groups.items()
    }
    assert {label: name for label, (name, _) in found.items() if label in ("", "image", "ADC", "SE", "TE 100")} == {
        label: name for label, (name, _) in groups.items() if label in ("", "image", "ADC", "SE", "TE 100")
    }


def described(one: NamedSeries) -> tuple[object, ...]:
    uids = frozenset(str(ds.SOPInstanceUID) for ds in one.instances)
    return one.label, one.identification, one.fault, one.slice_geometry, uids


@given(name=st.sampled_from(sorted(SERIES)), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_answer_is_the_same_for_every_order_of_the_instances(name: str, seed: int) -> None:
    instances = SERIES[name][0]()
    expected = set(map(described, name_series(instances)))
    Random(seed).shuffle(instances)
    assert set(map(described, name_series(instances))) == expected


def test_labels_do_not_depend_on_what_else_the_series_holds() -> None:
    two = named([*volume(EchoTime="15"), *volume()])
    three = named([*volume(EchoTime="15"), *volume(EchoTime="50"), *volume()])
    assert set(two) < set(three)


def test_the_groups_can_be_assembled() -> None:
    groups = named(SERIES["diffusion with its ADC map"][0]())
    assert assemble_over_b(groups["image"].instances).steps == (0.0, 1000.0)
    assert assemble_volume(groups["ADC"].instances).geometry.shape == (5, 8, 8)


def test_positions_that_jitter_are_not_repeated_and_repeated_ones_that_jitter_are() -> None:
    jittered = [0.0, 5.004, 9.998, 15.0, 20.001]
    assert [one.fault for one in name_series(volume(jittered))] == [None]
    assert set(named([*volume(AcquisitionNumber=1), *volume(jittered, AcquisitionNumber=2)])) == {
        "acquisition 1", "acquisition 2",
    }  # fmt: skip


FAULTS: dict[str, tuple[Callable[[], list[Dataset]], str]] = {
    "nothing distinguishes them": (lambda: [*volume(), *volume()], "E_GEOMETRY_DUP"),
    "one slice": (lambda: volume([0.0]), "E_GEOMETRY_SLICES"),
    "three slices": (lambda: volume([0.0, 5.0, 10.0]), "E_GEOMETRY_SLICES"),
    "two frames of reference": (
        lambda: [*volume(PLACES[:2], FrameOfReferenceUID="1.2.8"), *volume(PLACES[2:], FrameOfReferenceUID="1.2.9")],
        "E_GEOMETRY_FRAME",
    ),
    "a frame of reference for some": (
        lambda: [*volume(PLACES[:2]), *volume(PLACES[2:], FrameOfReferenceUID="1.2.9")],
        "E_GEOMETRY_FRAME",
    ),
    "a slice is missing": (lambda: volume([0.0, 5.0, 15.0, 20.0]), "E_GEOMETRY_GAP"),
    "two slices": (lambda: volume([0.0, 5.0]), "E_GEOMETRY_SLICES"),
    "colour": (lambda: volume(SamplesPerPixel=3, PhotometricInterpretation="RGB"), "E_PHOTOMETRIC"),
    "palette": (lambda: volume(PhotometricInterpretation="PALETTE COLOR"), "E_PHOTOMETRIC"),
    "inverted": (lambda: volume(PhotometricInterpretation="MONOCHROME1"), "E_PHOTOMETRIC"),
    "rows of length two": (lambda: volume(ImageOrientationPatient=[2, 0, 0, 0, 1, 0]), "E_GEOMETRY_ORIENT"),
}


@pytest.mark.parametrize(("make", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_returned_with_its_code(make: Callable[[], list[Dataset]], code: str) -> None:
    assert [one.fault.code for one in name_series(make()) if one.fault] == [code]


def test_a_sheared_stack_is_a_fault_of_its_series() -> None:
    sheared = volume()
    for number, ds in enumerate(sheared):
        ds.ImagePositionPatient = [0, 1.5 * number, 5.0 * number]
    [one] = name_series(sheared)
    assert one.fault is not None
    assert one.fault.code == "E_GEOMETRY_SHEAR"


@pytest.mark.parametrize("kind", ["ADC", "RCBV", "RELCBV"])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422", "PALETTE COLOR"])
def test_a_map_in_colour_is_never_named_as_a_map(kind: str, photometric: str) -> None:
    samples = 1 if photometric == "PALETTE COLOR" else 3
    colour = volume(
        ImageType=["DERIVED", "PRIMARY", kind], SamplesPerPixel=samples, PhotometricInterpretation=photometric
    )
    [one] = name_series(colour)
    assert one.identification.sequence == "OTHER"
    assert one.fault is not None


def test_two_echoes_of_a_dynamic_series_stay_one_series() -> None:
    def header(t: int, _: int) -> dict[str, Any]:
        return {"AcquisitionTime": clock(36_000 + 1.5 * t)}

    perfusion = {"SeriesDescription": "ep2d_perf BOLUS", "ImageType": MAGNITUDE}
    short, long = (dynamic(header, 20, EchoTime=str(echo), **perfusion) for echo in (12, 35))
    [one] = name_series([*short, *long])
    assert (one.label, len(one.instances), one.fault) == ("", len(short) + len(long), None)
    assert one.identification.sequence == "DSC"


def test_a_series_of_no_use_stays_one_series() -> None:
    planes = ([1, 0, 0, 0, 1, 0], SAGITTAL, [1, 0, 0, 0, 0, -1])
    [one] = name_series([localizer(plane) for plane in planes])
    assert (one.label, one.identification.sequence, one.fault) == ("", "OTHER", None)


@pytest.mark.parametrize("name", SERIES)
def test_groups_and_labels_are_the_same_once_the_series_is_stored(name: str) -> None:
    received = SERIES[name][0]()
    stored = [deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32)) for ds in received]
    found = [{one.label: len(one.instances) for one in name_series(some)} for some in (received, stored)]
    assert found[0] == found[1]


PLANES = ([1, 0, 0, 0, 1, 0], SAGITTAL, [1, 0, 0, 0, 0, -1])


def in_plane(plane: list[int], count: int, **overrides: Any) -> list[Dataset]:
    normal = [abs(plane[1] * plane[5] - plane[2] * plane[4]), abs(plane[2] * plane[3] - plane[0] * plane[5]),
              abs(plane[0] * plane[4] - plane[1] * plane[3])]  # fmt: skip
    slices = volume([0.0] * count, ImageOrientationPatient=plane, **overrides)
    for number, ds in enumerate(slices):
        ds.ImagePositionPatient = [10.0 * number * part for part in normal]
    return slices


@pytest.mark.parametrize("counts", [(3, 3, 3), (1, 1, 1), (5, 3), (7, 7, 7)])
def test_a_few_slices_in_several_planes_are_a_localizer_whatever_its_name(counts: tuple[int, ...]) -> None:
    instances = [ds for plane, count in zip(PLANES, counts, strict=False) for ds in in_plane(plane, count)]
    [one] = name_series(instances)
    assert (one.identification.sequence, one.identification.confidence, one.fault) == ("OTHER", "high", None)
    assert "localizer" in one.identification.evidence


@pytest.mark.parametrize("counts", [(20, 20), (8, 1, 1), (24, 3, 3)])
def test_volumes_in_several_planes_are_no_localizer(counts: tuple[int, ...]) -> None:
    instances = [ds for plane, count in zip(PLANES, counts, strict=False) for ds in in_plane(plane, count)]
    found = {one.label: (one.identification.sequence.value, one.fault is None) for one in name_series(instances)}
    assert found["axial"] == ("T2", True)


HEAD_SIZED = {"PixelSpacing": [28.0, 28.0], "SliceThickness": "5"}


def test_a_body_part_that_the_extent_contradicts_is_asked_about() -> None:
    whole_head = volume([5.0 * k for k in range(28)], BodyPartExamined="KNEE", **HEAD_SIZED)
    slab = volume([5.0 * k for k in range(10)], BodyPartExamined="KNEE", **HEAD_SIZED)
    [head], [knee] = name_series(whole_head), name_series(slab)
    assert (head.identification.sequence, head.identification.confidence) == ("T2", "low")
    assert (knee.identification.sequence, knee.identification.confidence) == ("OTHER", "high")


def test_a_mosaic_whose_slices_have_no_position_is_refused_by_name() -> None:
    mosaics = volume([0.0, 0.0, 0.0], DiffusionBValue=1000.0, Manufacturer="UIH")
    for ds in mosaics:
        ds.private_block(0x0065, "Image Private Header", create=True).add_new(0x50, "DS", "16")
    faults = [one.fault.code for one in name_series(mosaics) if one.fault]
    assert faults == ["E_GEOMETRY_MISSING"]
    with pytest.raises(Exception, match="E_GEOMETRY_MISSING"):
        frames(mosaics)


@pytest.mark.parametrize("value", sorted(set().union(*KINDS.values()) - OF_THE_HEAD))
def test_a_map_or_component_is_never_named_by_the_timing_of_its_source(value: str) -> None:
    [one] = name_series(volume(ImageType=["DERIVED", "PRIMARY", value]))
    assert one.identification.sequence not in ("T1", "T2", "FLAIR", "MPRAGE", "T1C")


@pytest.mark.parametrize("value", sorted(OF_THE_HEAD))
def test_a_water_image_is_named_by_its_timing(value: str) -> None:
    [one] = name_series(volume(ImageType=["ORIGINAL", "PRIMARY", value]))
    assert (one.identification.sequence, one.identification.confidence) == ("T2", "high")


def test_of_a_real_part_that_is_named_as_an_image_a_person_is_asked() -> None:
    [one] = name_series(volume(ImageType=["ORIGINAL", "PRIMARY", "R_SE", "R", "SE"]))
    assert one.identification.confidence == "low"
    assert "real; name says T2" in one.identification.evidence
