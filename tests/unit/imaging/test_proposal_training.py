"""The training of the outline's classifiers learns what separates voxels, leaves patients out, and is reproducible."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from idh_tasks.domain.volume import Mask
from idh_tasks.imaging.proposal.classifier import FARTHEST, save, trained
from tools.grown_tumours import KINDS, grow
from tools.outline_training import cases as making
from tools.outline_training.heads import Head, can_be_healed, healed
from tools.outline_training.perceptron import Sample, fit
from tools.outline_training.training import train
from tools.outline_training.voxels import Case

SHAPE = (40, 48, 40)


def ball(centre: tuple[int, int, int], radius: float) -> Mask:
    """Return the voxels closer to the centre than the radius."""
    distance = sum((axis - c) ** 2 for axis, c in zip(np.indices(SHAPE), centre, strict=True))
    return np.asarray(distance < radius**2)


def head(patient: str = "A", side: int = 12) -> Head:
    """Return a head of 2 mm voxels with ventricles and a lesion."""
    brain, tumour = ball((20, 24, 20), 18), ball((20, 26, side), 5)
    ventricles = ball((20, 24, 17), 3) | ball((20, 24, 22), 3)
    rng, images = np.random.default_rng(5), {}
    for name, fluid, bright in (("t2", 2.5, 1.8), ("flair", 0.4, 2.0), ("t1ce", 0.5, 0.8)):
        image = 1 + 0.6 * ndimage.gaussian_filter(rng.standard_normal(SHAPE), 1)
        image = np.where(tumour, bright, np.where(ventricles, fluid, image))
        images[name] = (image * brain).astype(np.float32)
    return Head(patient, images, brain, tumour)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a head have two cases only."""
    monkeypatch.setattr(making, "VARIANTS", ("noise",))
    monkeypatch.setattr(making, "DRAWN", 1)


def same(one: Case, other: Case) -> bool:
    """Return whether two cases have the same features and tumour."""
    return np.array_equal(one.features, other.features) and np.array_equal(one.tumour, other.tumour)


def test_a_perceptron_learns_a_boundary_that_is_no_plane() -> None:
    features = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    inside = (features**2).sum(axis=1) < 1
    sample = Sample(features, inside.astype(np.float32), np.ones(len(features), dtype=np.float32))
    probability = fit(sample, epochs=100, seed=0).probability(features)
    assert ((probability > 0.5) == inside).mean() > 0.95


def test_written_classifiers_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "classifiers.npz"
    save(path, trained())
    with np.load(path) as arrays:
        assert np.array_equal(arrays["by_appearance.hidden"][0], trained().by_appearance[0].hidden)
        assert len(arrays["in_context.output"]) == len(trained().in_context)


def test_images_unlike_the_training_cannot_drive_a_classifier_beyond_what_it_learnt() -> None:
    classifier = trained().by_appearance[0]
    farthest = (classifier.mean + FARTHEST * classifier.spread).astype(np.float32)
    expected, found = (classifier.probability(features[None]) for features in (farthest, farthest + np.float32(1e6)))
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.usefixtures("few")
def test_the_same_patients_give_the_same_classifiers_in_every_byte(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        save(tmp_path / name, train(list(making.cases([head()]))))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


@pytest.mark.usefixtures("few")
def test_each_member_is_trained_without_one_patient() -> None:
    patients = list(making.cases([head("A"), head("B", side=27)]))
    brighter = replace(patients[0], features=patients[0].features + 1)
    usual, changed = train(patients), train([brighter, *patients[1:]])
    without_a, without_b = range(2)
    assert len(usual.by_appearance) == len(usual.in_context) == 2
    assert np.array_equal(usual.by_appearance[without_a].hidden, changed.by_appearance[without_a].hidden)
    assert not np.array_equal(usual.by_appearance[without_b].hidden, changed.by_appearance[without_b].hidden)


@pytest.mark.usefixtures("few")
def test_the_cases_of_a_patient_do_not_depend_on_the_other_patients() -> None:
    alone = list(making.cases([head("B", side=27)]))
    among = [case for case in making.cases([head("A"), head("B", side=27)]) if case.patient == "B"]
    assert len(alone) == len(among) == 2
    assert all(same(one, other) for one, other in zip(alone, among, strict=True))


def test_a_head_is_healed_by_its_other_hemisphere_unless_the_tumour_is_in_both() -> None:
    one_side = head()
    both = replace(one_side, tumour=one_side.tumour | ball((20, 26, 27), 5))
    assert can_be_healed(one_side)
    assert not can_be_healed(both)
    assert not healed(one_side).tumour.any()
    assert healed(one_side).images["flair"][one_side.tumour].mean() < 1.2


@pytest.mark.parametrize("kind", ["ring", "cyst", "low-grade", "small"])
def test_a_grown_tumour_lies_in_tissue_and_is_brighter_on_flair(kind: str) -> None:
    base = healed(head())
    drawn = grow(base, kind, np.random.default_rng(1))
    assert kind in KINDS
    assert drawn.tumour.any()
    assert not (drawn.tumour & ~base.brain).any()
    outside = base.brain & ~ndimage.binary_dilation(drawn.tumour, iterations=2)
    rim = drawn.tumour & ~ndimage.binary_erosion(drawn.tumour)
    assert np.median(drawn.images["t2"][rim]) > np.median(drawn.images["t2"][outside])
