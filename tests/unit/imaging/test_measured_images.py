"""Only images that are understood to be measured enter the fit; ordinary series of every vendor do."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.diffusion import compute_adc
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.settings import ImagingSettings
from tests.factories import instance

POSITIONS = (0.0, 4.0, 8.0, 12.0)
Series = list[Dataset]
TISSUE = np.random.default_rng(1).uniform(0.5, 1.0, (8, 8)).repeat(2, axis=0).repeat(2, axis=1) * 4000
TISSUE[:4] = 0


def volume(values: np.ndarray, kind: str, b: float | None = None, **overrides: Any) -> Series:
    """Return a stack with an Image Type as the standard writes it, with backslashes."""
    pixels = np.round(values).astype(np.uint16).tobytes()
    stack = [
        instance(ImagePositionPatient=[0, 0, z], PixelData=pixels, Rows=16, Columns=16, **overrides) for z in POSITIONS
    ]
    for ds in stack:
        ds.ImageType = kind.split("\\")
        if b is not None:
            ds.DiffusionBValue = b
    return stack


def signal(b: float, kind: str, **overrides: Any) -> Series:
    return volume(TISSUE * np.exp(-b * 900e-6), kind, b, **overrides)


def unstated(b: float, kind: str, **overrides: Any) -> Series:
    """Return the signal of a b-value that the standard element does not state."""
    return volume(TISSUE * np.exp(-b * 900e-6), kind, **overrides)


def directions(b: float, kind: str, **overrides: Any) -> Series:
    return [ds for g in ([1, 0, 0], [0, 1, 0], [0, 0, 1]) for ds in signal(b, kind, DiffusionGradientOrientation=g,
                                                                          **overrides)]  # fmt: skip


def adc_map(kind: str, b: float | None, value: float = 900.0, **overrides: Any) -> Series:
    return volume(np.where(TISSUE > 0, value, 0), kind, b, **overrides)


def fitted(instances: Series) -> float:
    Random(1).shuffle(instances)
    adc = compute_adc(instances, ImagingSettings()).adc.voxels
    return float(np.median(adc[adc > 0]))


def refusal(instances: Series) -> Code:
    with pytest.raises(SeriesRejectedError) as caught:
        fitted(instances)
    return caught.value.code


def named(b: int, kind: str, name: str, **overrides: Any) -> Series:
    return unstated(b, kind, SequenceName=name, **overrides)


def scaled(instances: Series, group: int, creator: str, element: int, vr: str, value: Any) -> Series:
    for ds in instances:
        ds.private_block(group, creator, create=True).add_new(element, vr, value)
    return instances


SIEMENS, GE = {"Manufacturer": "SIEMENS"}, {"Manufacturer": "GE MEDICAL SYSTEMS"}
NUMARIS_X = {"Manufacturer": "Siemens Healthineers"}
PHILIPS, UIH = {"Manufacturer": "Philips Medical Systems"}, {"Manufacturer": "UIH"}
CANON = {"Manufacturer": "CANON_MEC"}
OLD, TRACEW = "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE\\ND\\NORM", "DERIVED\\PRIMARY\\DIFFUSION\\TRACEW\\ND\\NORM"
SPLIT = "DERIVED\\PRIMARY\\DIFFUSION\\NONE\\TRACEW\\DIS2D\\MFSPLIT"
ORDINARY: dict[str, Callable[[], Series]] = {
    "Siemens, trace": lambda: [*signal(0, OLD, **SIEMENS), *signal(1000, TRACEW, **SIEMENS)],
    "Siemens, original trace": lambda: [
        *signal(0, OLD), *signal(1000, "ORIGINAL\\PRIMARY\\DIFFUSION\\TRACEW\\NORM\\DIS2D", **SIEMENS)],
    "Siemens, all trace": lambda: [*signal(50, TRACEW), *signal(800, TRACEW)],
    "Siemens, split": lambda: [*signal(0, SPLIT, **NUMARIS_X), *signal(1000, SPLIT, **NUMARIS_X)],
    "Siemens, split magnitude": lambda: [
        *signal(0, "DERIVED\\PRIMARY\\M\\NORM\\DIS2D\\FM3_4\\FIL\\MFSPLIT", **NUMARIS_X),
        *signal(1000, "DERIVED\\PRIMARY\\M\\NORM\\DIS2D\\FM3_4\\FIL\\MFSPLIT", **NUMARIS_X)],
    "Siemens, names": lambda: [
        *named(0, OLD, "*ep_b0", **SIEMENS), *named(1000, TRACEW, "*ep_b1000t", **SIEMENS)],
    "Siemens, RESOLVE names": lambda: [
        *named(0, OLD, "*re_b0", **SIEMENS), *named(500, OLD, "*re_b500#2"), *named(1000, TRACEW, "*re_b1000t")],
    "Siemens, filtered": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE\\NORM\\DIS2D\\SH3_1\\FIL", **SIEMENS), *directions(1000, OLD)],
    "Siemens, tensor beside its trace": lambda: [
        *signal(0, OLD), *directions(1000, OLD), *volume(TISSUE / 9, TRACEW, 1000)],
    "Siemens, unknown value in all": lambda: [*signal(0, OLD + "\\XQ7Y"), *signal(1000, OLD + "\\XQ7Y")],
    "GE, classic": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\OTHER", **GE), *signal(1000, "ORIGINAL\\PRIMARY\\OTHER", **GE)],
    "GE, combined": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\OTHER", **GE), *signal(1000, "DERIVED\\PRIMARY\\OTHER", **GE)],
    "directions without their vectors, and their trace": lambda: [
        *signal(0, OLD), *signal(1000, OLD), *signal(1000, OLD), *signal(1000, TRACEW)],
    "GE, combined, standard": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", RescaleType="US", **GE),
        *signal(1000, "DERIVED\\PRIMARY\\DIFFUSION\\DIFFUSION", RescaleType="US", **GE)],
    "GE, EPI": lambda: [*signal(0, "ORIGINAL\\PRIMARY\\EPI\\NONE"), *directions(1000, "ORIGINAL\\PRIMARY\\EPI\\NONE")],
    "Philips, classic": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\M_SE\\M\\SE", RescaleType="normalized", **PHILIPS),
        *signal(1000, "ORIGINAL\\PRIMARY\\M_SE\\M\\SE", RescaleType="normalized", **PHILIPS)],
    "Philips, isotropic derived": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", DiffusionDirectionality="NONE", **PHILIPS),
        *signal(1000, "DERIVED\\SECONDARY\\M\\NONE", DiffusionDirectionality="ISOTROPIC", **PHILIPS)],
    "Philips, enhanced": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", ComplexImageComponent="MAGNITUDE",
                VolumetricProperties="VOLUME", VolumeBasedCalculationTechnique="NONE"),
        *signal(1000, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", ComplexImageComponent="MAGNITUDE",
                VolumetricProperties="VOLUME", PixelPresentation="MONOCHROME")],
    "UIH": lambda: [
        *scaled(unstated(0, "ORIGINAL\\PRIMARY\\M", **UIH), 0x65, "Image Private Header", 9, "FD", 0.0),
        *scaled(unstated(1000, "ORIGINAL\\PRIMARY\\M", **UIH), 0x65, "Image Private Header", 9, "FD", 1e3)],
    "Canon, b = 0 not stated": lambda: [
        *unstated(0, "ORIGINAL\\PRIMARY\\OTHER", **CANON),
        *signal(1000, "ORIGINAL\\PRIMARY\\OTHER", **CANON)],
    "Canon, comments": lambda: [
        *unstated(0, "ORIGINAL\\PRIMARY\\M", ImageComments="b=0(0,0,0)", **CANON),
        *unstated(1000, "ORIGINAL\\PRIMARY\\M", ImageComments="b=1000(0.445,0.000,0.895)", **CANON)],
    "Canon, isotropic": lambda: [
        *signal(0, "ORIGINAL\\PRIMARY\\M", **CANON), *signal(1000, "DERIVED\\SECONDARY\\ISODWI", **CANON)],
    "workstation, all registered": lambda: [
        *signal(0, "DERIVED\\SECONDARY\\REGISTERED"), *signal(1000, "DERIVED\\SECONDARY\\REGISTERED")],
    "no image type": lambda: [*signal(0, ""), *signal(1000, "")],
    "nominal and actual": lambda: [*signal(0, OLD), *signal(995, OLD), *signal(1000, OLD), *signal(1005, OLD)],
    "two elements that agree": lambda: [
        *scaled(signal(0, OLD), 0x19, "SIEMENS MR HEADER", 0x0C, "IS", "5"),
        *scaled(signal(1000, OLD), 0x19, "SIEMENS MR HEADER", 0x0C, "IS", "1005")],
}  # fmt: skip


@pytest.mark.parametrize("make", ORDINARY.values(), ids=ORDINARY.keys())
@pytest.mark.parametrize("clean", [True, False], ids=["de-identified", "as received"])
def test_ordinary_series_are_fitted(make: Callable[[], Series], *, clean: bool) -> None:
    instances = make()
    if clean:
        instances = [deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32)) for ds in instances]
    assert fitted(instances) == pytest.approx(900, rel=0.01)


MAP_TYPES = [
    "DERIVED\\PRIMARY\\M\\ND", "DERIVED\\SECONDARY\\M\\ND", "DERIVED\\SECONDARY\\PROCESSED", "DERIVED\\SECONDARY",
    "DERIVED\\SECONDARY\\COMBINED", "DERIVED\\SECONDARY\\OTHER", "DERIVED\\PRIMARY\\DIFFUSION",
    "DERIVED\\PRIMARY\\DIFFUSION\\EXP\\ND", "DERIVED\\PRIMARY\\DIFFUSION\\MD", "DERIVED\\PRIMARY\\DIFFUSION\\RD",
    "DERIVED\\PRIMARY\\DIFFUSION\\AVG_DC", "DERIVED\\PRIMARY\\DIFFUSION\\MK", "DERIVED\\PRIMARY\\DIFFUSION\\NONE\\ADC",
    "DERIVED\\PRIMARY\\DIFFUSION\\CALC_BVALUE\\TRACEW", "DERIVED\\PRIMARY\\DIFFUSION\\MIXED", "DERIVED\\PRIMARY\\QMAP",
    "ORIGINAL\\PRIMARY\\ADC_SE\\ADC\\SE", "ORIGINAL\\PRIMARY\\FA_UNSPECIFIED\\FA\\UNSPECIFIED",
    "ORIGINAL\\PRIMARY\\EADC_UNSPECIFIE\\EADC\\UNSPECIFIED", "ORIGINAL\\PRIMARY\\DIFFUSION\\KTRANS",
    "ORIGINAL\\PRIMARY\\DIFFUSION\\D_STAR", "ORIGINAL\\PRIMARY\\MSUM\\ND", "ORIGINAL\\PRIMARY\\STDDEV_TRA\\ND",
]  # fmt: skip


@pytest.mark.parametrize("kind", MAP_TYPES)
@pytest.mark.parametrize("b", [None, 0.0, 1000.0])
def test_images_of_another_type_are_left_out(kind: str, b: float | None) -> None:
    assert fitted([*signal(0, OLD), *signal(1000, TRACEW), *adc_map(kind, b)]) == pytest.approx(900, rel=0.01)


def unit(code: str) -> Sequence:
    item, units = Dataset(), Dataset()
    units.CodeValue = code
    item.MeasurementUnitsCodeSequence = Sequence([units])
    return Sequence([item])


@pytest.mark.parametrize(
    "stated",
    [
        {"RescaleType": "10^-6 mm^2/s"},
        {"RescaleType": "mm2/s"},
        {"RescaleType": "ADC"},
        {"RescaleType": "PCT"},
        {"RealWorldValueMappingSequence": unit("um2/s")},
        {"RealWorldValueMappingSequence": unit("%")},
        {"VolumeBasedCalculationTechnique": "MAX_IP"},
        {"PixelPresentation": "COLOR"},
        {"ComplexImageComponent": "PHASE"},
        {"ComplexImageComponent": "REAL"},
        {"VolumetricProperties": "SAMPLED"},
    ],
    ids=str,
)
@pytest.mark.parametrize("b", [0.0, 1000.0])
def test_images_whose_header_states_another_quantity_are_left_out(stated: dict[str, Any], b: float) -> None:
    maps = adc_map(OLD, b, value=2000.0, **stated)
    assert fitted([*signal(0, OLD), *signal(1000, OLD), *maps]) == pytest.approx(900, rel=0.01)


@pytest.mark.parametrize("kind", ["DERIVED\\PRIMARY\\M", "DERIVED\\SECONDARY\\COMBINED", "ORIGINAL\\PRIMARY\\XQ7Y"])
def test_without_another_image_of_its_b_value_an_image_that_is_not_understood_is_refused(kind: str) -> None:
    assert refusal([*signal(0, OLD), *signal(1000, kind)]) == Code.E_B_VALUES


@pytest.mark.parametrize("b", [0.0, 1000.0])
def test_a_map_with_the_header_of_a_measured_image_is_noticed(b: float) -> None:
    assert refusal([*signal(0, OLD), *signal(1000, TRACEW), *adc_map(OLD, b)]) == Code.E_DWI_VOLUMES


DISTURBED: dict[str, tuple[Callable[[], Series], Code]] = {
    "swapped": (lambda: [*volume(TISSUE / 2.5, OLD, 0), *volume(TISSUE, OLD, 1000)], Code.E_ADC_VALUES),
    "equal": (lambda: [*signal(0, OLD), *volume(TISSUE, OLD, 1000)], Code.E_ADC_VALUES),
    "brighter": (lambda: [*signal(0, OLD), *volume(TISSUE * 2, OLD, 1000)], Code.E_ADC_VALUES),
    "b = 0 at half gain": (
        lambda: [*signal(0, OLD), *volume(TISSUE / 2, OLD, 0), *signal(1000, OLD)], Code.E_DWI_VOLUMES),
    "trace at half gain": (
        lambda: [*signal(0, OLD), *signal(1000, TRACEW), *volume(TISSUE / 5, TRACEW, 1000)], Code.E_DWI_VOLUMES),
    "index for b": (lambda: [*signal(0, OLD), *volume(TISSUE / 2, OLD, 1), *volume(TISSUE / 4, OLD, 2)],
                    Code.E_B_VALUES),
    "low b-values": (lambda: [*signal(0, OLD), *signal(10, OLD), *signal(20, OLD)], Code.E_B_VALUES),
    "elements that disagree": (
        lambda: [*signal(0, OLD), *scaled(signal(1000, OLD), 0x19, "SIEMENS MR HEADER", 0x0C, "IS", "500")],
        Code.E_B_VALUES),
    "name of a map": (lambda: [*named(0, OLD, "*ep_b0"), *named(1000, OLD, "*ep_b0_1000")], Code.E_B_VALUES),
    "b in a free text": (
        lambda: [*signal(0, OLD), *unstated(1000, OLD, ImageComments="b=1000 please repeat")],
        Code.E_B_VALUES),
}  # fmt: skip


@pytest.mark.parametrize(("make", "code"), DISTURBED.values(), ids=DISTURBED.keys())
def test_what_is_not_diffusion_is_refused_by_name(make: Callable[[], Series], code: Code) -> None:
    assert refusal(make()) == code


def test_an_image_of_half_the_brightness_in_one_direction_is_flagged() -> None:
    series = [*signal(0, OLD), *directions(1000, OLD)]
    assert Code.W_DWI_VOLUMES not in compute_adc(series, ImagingSettings()).flags
    for ds in series[-3:]:
        ds.PixelData = (ds.pixel_array // 2).tobytes()
    assert Code.W_DWI_VOLUMES in compute_adc(series, ImagingSettings()).flags


def enhanced(volumes: list[tuple[np.ndarray, str, float, str]]) -> Series:
    """Return the frames of an enhanced image from pixels, Frame Type, b-value and directionality of each volume."""
    ds = instance(SOPClassUID=EnhancedMRImageStorage, NumberOfFrames=len(volumes) * len(POSITIONS), Rows=16, Columns=16)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "MIXED"]
    ds.ComplexImageComponent, ds.VolumetricProperties = "MAGNITUDE", "VOLUME"
    ds.PixelData = b"".join(np.round(pixels).astype(np.uint16).tobytes() * len(POSITIONS) for pixels, *_ in volumes)
    ds.PerFrameFunctionalGroupsSequence = Sequence([
        functional_groups(z, kind, b, directionality) for _, kind, b, directionality in volumes for z in POSITIONS
    ])  # fmt: skip
    del ds.ImagePositionPatient
    return frames([ds])


def functional_groups(z: float, kind: str, b: float, directionality: str) -> Dataset:
    group, position, types, diffusion, values = (Dataset() for _ in range(5))
    position.ImagePositionPatient = [0, 0, z]
    types.FrameType, types.ComplexImageComponent = kind.split("\\"), "MAGNITUDE"
    diffusion.DiffusionBValue, diffusion.DiffusionDirectionality = b, directionality
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = "1", "0", "normalized"
    group.PlanePositionSequence, group.MRImageFrameTypeSequence = Sequence([position]), Sequence([types])
    group.MRDiffusionSequence, group.PixelValueTransformationSequence = Sequence([diffusion]), Sequence([values])
    return group


@pytest.mark.parametrize("kind", ["DERIVED\\PRIMARY\\DIFFUSION\\ADC", "DERIVED\\PRIMARY\\M\\COMBINED", None])
@pytest.mark.parametrize(
    "weighted",
    ["ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", "DERIVED\\PRIMARY\\DIFFUSION\\DIFFUSION"],
    ids=["NONE", "DERIVED"],
)
def test_frames_of_enhanced_images_are_chosen_by_their_own_type(kind: str | None, weighted: str) -> None:
    volumes = [
        (TISSUE, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", 0.0, "NONE"),
        (TISSUE * np.exp(-0.9), weighted, 1000.0, "ISOTROPIC"),
    ]
    if kind:
        volumes.append((np.where(TISSUE > 0, 900, 0), kind, 1000.0, "NONE"))
    assert fitted(enhanced(volumes)) == pytest.approx(900, rel=0.01)
