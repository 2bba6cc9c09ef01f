"""The brain mask contains the brain and neither skull nor scalp, and says how it was found."""

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import SimpleITK as sitk
from onnx import TensorProto, helper

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.errors import RunRefusedError, SeriesRejectedError
from idh_tasks.imaging.brain import extraction, network
from idh_tasks.imaging.brain.extraction import BrainMask, extract
from idh_tasks.imaging.brain.shape import measure_shape
from idh_tasks.imaging.itk import from_image, to_image
from idh_tasks.phantom.acquisition import Displacement, acquire, sample
from idh_tasks.phantom.biology import draw_biology
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_texture
from idh_tasks.phantom.protocol import PROTOCOLS, Vendor
from idh_tasks.phantom.tissue import Tissue
from idh_tasks.phantom.variant import VARIANTS
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, head


def with_spacing(volume: Volume, spacing: float) -> Volume:
    return Volume(volume.voxels, Geometry(volume.geometry.shape, (spacing,) * 3, (0.0, 0.0, 0.0)))


def large_head() -> Volume:
    return with_spacing(head(), 3.0)


def true_brain() -> Mask:
    return ball(head().voxels.shape, 22)


def classical(image: Volume) -> BrainMask:
    return extract(image, ImagingSettings(brain_extractor="classical"))


def sagittal(volume: Volume) -> Volume:
    """Return the same voxels in slices from right to left, with rows from front to back."""
    return from_image(sitk.DICOMOrient(to_image(volume), "PIL"))


def dice(a: Mask, b: Mask) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def marks(monkeypatch: pytest.MonkeyPatch, name: str, mask: Mask) -> None:
    """Replace what a built-in method finds."""
    monkeypatch.setitem(extraction.BUILT_IN, name, lambda _image: mask)


@pytest.mark.parametrize(("name", "vendor"), [("standard", Vendor.SIEMENS), ("old head", Vendor.GE)])
def test_the_trained_networks_find_the_brain_of_a_turned_head_with_a_tumour(name: str, vendor: Vendor) -> None:
    """In sagittal slices of one vendor and in axial ones of the other; the old head has much fluid next to bone."""
    variant = next(one for one in VARIANTS if one.name == name)
    plan = PatientPlan(3, 7, IdhStatus.WILDTYPE, None, None, 0.0, 0.0, variant)
    anatomy, biology = draw_anatomy(plan), draw_biology(plan.rng("biology"), plan.status)
    recipe = next(one for one in PROTOCOLS[vendor] if one.sequence is MrSequence.MPRAGE)
    texture = draw_texture(plan, anatomy.labels.shape)
    acquired = acquire(anatomy, biology, recipe, Displacement((12.0, -8.0, 10.0)), texture, plan.rng("noise"))
    inside = (anatomy.labels >= Tissue.CSF).astype(np.float32)
    brain = sample(inside, anatomy.geometry, acquired.geometry, Displacement((12.0, -8.0, 10.0))) > 0.5
    found = extract(Volume(acquired.frames[0].astype(np.float32), acquired.geometry), ImagingSettings())
    assert (found.extractor, found.flags) == ("trained", ())
    assert dice(found.mask, brain) > 0.97
    assert 0.85 < found.figures["brain_agreement"] < 1
    assert 0.7 < found.figures["brain_sd_ratio"] < 1.4


def test_the_classical_mask_contains_the_brain_and_not_the_scalp() -> None:
    mask = classical(large_head()).mask
    assert dice(mask, true_brain()) > 0.93
    assert not (mask & ~ball(mask.shape, 25.5)).any()


def test_the_mask_does_not_depend_on_the_orientation_of_the_slices() -> None:
    expected = Volume(classical(large_head()).mask.astype(np.float32), large_head().geometry)
    assert np.array_equal(classical(sagittal(large_head())).mask, sagittal(expected).voxels > 0)


@pytest.mark.parametrize("background", [0.0, -7.0])
def test_an_image_that_is_constant_outside_the_brain_is_its_own_mask(background: float) -> None:
    image = large_head()
    voxels = np.where(true_brain(), image.voxels, np.float32(background))
    voxels[30, 35, 30] = background  # a dark ventricle
    found = extract(Volume(voxels, image.geometry), ImagingSettings())
    assert found.extractor == "stripped"
    assert np.array_equal(found.mask, true_brain())


def test_where_the_trained_networks_fail_the_classical_method_is_used_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marks(monkeypatch, "trained", np.zeros_like(true_brain()))
    found = extract(large_head(), ImagingSettings())
    assert (found.extractor, found.flags) == ("classical", (Code.W_BRAIN_FALLBACK,))
    assert dice(found.mask, true_brain()) > 0.93
    assert found.figures["brain_agreement"] == 0


def test_the_agreement_of_two_methods_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    image = large_head()
    marks(monkeypatch, "trained", true_brain())
    marks(monkeypatch, "classical", ball(true_brain().shape, 20))
    found = extract(image, ImagingSettings())
    assert found.extractor == "trained"
    assert found.figures["brain_agreement"] == pytest.approx(dice(true_brain(), ball(true_brain().shape, 20)))
    inside, other = image.voxels[true_brain()], image.voxels[ball(true_brain().shape, 20)]
    assert found.figures["brain_volume_ratio"] == pytest.approx(inside.size / other.size)
    assert found.figures["brain_sd_ratio"] == pytest.approx(inside.std() / other.std())


@pytest.mark.parametrize(
    ("found", "image", "text"),
    [
        (
            BrainMask(true_brain(), "trained", (), {"brain_agreement": 0.9412}),
            MrSequence.T1,
            "made on T1, extractor: trained, agreement of two methods 0.94",
        ),
        (
            BrainMask(true_brain(), "classical", (Code.W_BRAIN_FALLBACK, Code.W_BRAIN_T2), {"brain_agreement": 0.0}),
            MrSequence.T2,
            "made on T2 (no T1 covers the head), extractor: classical (fallback), agreement of two methods 0.00",
        ),
        (BrainMask(true_brain(), "stripped", (), {}), MrSequence.MPRAGE, "made on MPRAGE, extractor: stripped"),
    ],
)
def test_a_reader_is_told_the_image_the_extractor_and_how_far_two_methods_agree(
    found: BrainMask, image: MrSequence, text: str
) -> None:
    assert found.description(image) == text


def test_a_study_without_a_plausible_mask_is_rejected_with_the_figure_of_each_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marks(monkeypatch, "trained", ball(true_brain().shape, 10))
    marks(monkeypatch, "classical", ball(true_brain().shape, 27))
    with pytest.raises(SeriesRejectedError) as caught:
        extract(large_head(), ImagingSettings())
    assert caught.value.code is Code.E_BRAIN_MASK
    assert "trained: 114 ml is not the volume of a brain; classical: 2233 ml" in caught.value.reason


def test_a_classical_mask_without_the_volume_of_a_brain_is_rejected() -> None:
    with pytest.raises(SeriesRejectedError, match="ml is not the volume of a brain"):
        classical(with_spacing(head(), 0.5))


def ellipsoid(turn_deg: float = 0.0) -> tuple[Mask, Geometry]:
    """Return a mask with the size of a brain, turned about the axis from feet to head."""
    grid = Geometry((80, 100, 100), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    z, y, x = (axis - n / 2 + 0.5 for axis, n in zip(np.indices(grid.shape), grid.shape, strict=True))
    turn = np.deg2rad(turn_deg)
    across, along = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return (across / 33) ** 2 + (along / 41) ** 2 + (z / 32) ** 2 < 1, grid


@pytest.mark.parametrize("turn_deg", [0, 25])
def test_a_turned_head_is_no_less_symmetrical(turn_deg: float) -> None:
    shape = measure_shape(*ellipsoid(turn_deg))
    assert shape.fault() is None
    assert shape.symmetry > 0.95
    assert shape.narrowest_mm == pytest.approx(128, abs=3)


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ((slice(None), slice(None), slice(None, 50)), "narrower than a brain"),
        ((slice(None), slice(None, 50), slice(None, 50)), "on both sides"),
        ((slice(None), slice(None), slice(None)), "not the volume of a brain"),
    ],
)
def test_a_mask_without_a_part_of_the_brain_is_implausible(lost: tuple[slice, ...], reason: str) -> None:
    mask, grid = ellipsoid()
    mask[lost] = False
    assert reason in (measure_shape(mask, grid).fault() or "")


def test_a_neck_or_a_slab_of_the_head_is_no_brain() -> None:
    mask, grid = ellipsoid()
    with_neck = np.pad(mask, ((20, 0), (0, 0), (0, 0)))
    with_neck[:30, 45:55, 45:55] = True
    assert "taller than a brain" in (measure_shape(with_neck, grid).fault() or "")
    slab = np.ones((40, 70, 70), dtype=bool)
    assert "at the border of the image" in (measure_shape(slab, grid).fault() or "")


def test_other_weights_than_those_of_the_locked_version_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Altered:
        def locate_file(self, _path: str) -> Path:
            return tmp_path / "model.pt"

    (tmp_path / "model.pt").write_bytes(b"altered")
    monkeypatch.setattr(network, "distribution", lambda _name: Altered())
    assert hashlib.sha256(b"altered").hexdigest() not in network.CHECKSUMS.values()
    with pytest.raises(RunRefusedError, match="E_PLUGIN: the weights of deepbet"):
        network.session.__wrapped__("model")


@pytest.mark.parametrize("kernel", [2, 3])
def test_a_transposed_convolution_is_made_of_plain_ones(kernel: int) -> None:
    """Compared with its definition: each voxel adds the kernel to the output around twice its index."""
    rng = np.random.default_rng(kernel)
    image, weights = rng.normal(size=(1, 2, 3, 4, 5)), rng.normal(size=(2, 3, kernel, kernel, kernel))
    layers = network._Layers(iter(()))
    output = layers.doubled("image", weights.astype(np.float32), np.full(3, 0.5, dtype=np.float32))
    nodes, constants = layers._nodes, layers._weights
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("image", output)]
    graph = helper.make_graph(nodes, "doubled", ends[:1], ends[1:], constants)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", network.OPSET)], ir_version=network.IR_VERSION
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": image.astype(np.float32)})[0]
    padded = np.zeros((3, 8, 10, 12))
    for z, y, x in np.ndindex(3, 4, 5):
        spread = np.einsum("i,iozyx->ozyx", image[0, :, z, y, x], weights)
        padded[:, 2 * z : 2 * z + kernel, 2 * y : 2 * y + kernel, 2 * x : 2 * x + kernel] += spread
    first = kernel - 2  # a kernel of 3 begins one voxel before
    expected = padded[:, first : first + 6, first : first + 8, first : first + 10] + 0.5
    assert found[0] == pytest.approx(expected, abs=1e-5)
