"""A network is never tested on what it was trained on: not on the same patient, and not on the same image."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.learning import Twins
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.leak_checks import twin_of
from idh_tasks.learning.leakage import SameImageError, check_disjoint, check_unique, refuse_twins
from idh_tasks.learning.texture import textures, tumour_masks
from idh_tasks.learning.twins import find_twins
from tools.leak_cohorts import cohort

Patch = NDArray[np.float32]

TUMOURS = cohort(1, patients=24, mutants=6)
PATCHES = dict(TUMOURS.data.patches)
FIRST = PATCHES["p000"]


def noisy(patch: Patch) -> Patch:
    return (patch + 0.1 * patch.std() * np.random.default_rng(1).standard_normal(patch.shape)).astype(np.float32)


CHANGES: dict[str, Callable[[Patch], Patch]] = {
    "the same bytes": lambda patch: patch.copy(),
    "brighter": lambda patch: 1.4 * patch,
    "another zero": lambda patch: 0.9 * patch + np.float32(0.2),
    "noisier": noisy,
    "shifted": lambda patch: ndimage.shift(patch, (3, -2), order=1),
    "mirrored": lambda patch: patch[:, ::-1].copy(),
    "turned": lambda patch: np.rot90(patch).copy(),
    "stretched": lambda patch: ndimage.zoom(patch, (1.08, 1.0), order=1)[2:66],
    "at half the resolution": lambda patch: ndimage.zoom(ndimage.zoom(patch, 0.5, order=1), 2, order=1),
    "all at once": lambda patch: twin_of(patch, 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_t05_one_image_under_two_patients_is_found(change: Callable[[Patch], Patch]) -> None:
    [twins] = find_twins(PATCHES | {"again": change(FIRST)})
    assert {twins.first, twins.second} == {"p000", "again"}
    assert twins.similarity > 0.8


def test_t05_if_everybody_is_there_twice_nearly_all_pairs_are_found_and_no_other() -> None:
    again = {f"{patient} again": noisy(patch) for patient, patch in PATCHES.items()}
    pairs = {frozenset((pair.first, pair.second)) for pair in find_twins(PATCHES | again)}
    assert pairs <= {frozenset((patient, f"{patient} again")) for patient in PATCHES}
    assert len(pairs) >= 20


@pytest.mark.parametrize("block", [7, 25])
def test_it_does_not_matter_how_many_patches_are_compared_at_once(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    images = PATCHES | {"again": noisy(FIRST)}
    found = find_twins(images)
    monkeypatch.setattr("idh_tasks.learning.twins.BLOCK", block)
    assert find_twins(images) == found
    assert len(found) == 1


@pytest.mark.parametrize("patients", [1, 2, 3, 8, 24])
def test_different_tumours_are_no_twins(patients: int) -> None:
    assert find_twins(dict(list(PATCHES.items())[:patients])) == []


def test_images_with_one_template_are_no_twins() -> None:
    rng = np.random.default_rng(1)
    template = rng.standard_normal((64, 64))
    images = {f"p{n}": (template + 0.3 * rng.standard_normal((64, 64))).astype(np.float32) for n in range(20)}
    assert find_twins(images) == []


def test_smooth_images_are_no_twins_of_one_another() -> None:
    fields = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((20, 64, 64)), (0, 6, 6))
    assert find_twins({f"p{n}": field.astype(np.float32) for n, field in enumerate(fields)}) == []


@pytest.mark.parametrize("size", [16, 32, 64])
def test_images_of_noise_are_no_twins_whatever_their_size(size: int) -> None:
    noise = np.random.default_rng(1).standard_normal((52, size, size)).astype(np.float32)
    assert find_twins({f"p{n}": image for n, image in enumerate(noise)}) == []


@pytest.mark.parametrize("size", [16, 40])
def test_patches_of_another_size_are_compared_as_well(size: int) -> None:
    small = {patient: ndimage.zoom(patch, size / 64, order=1) for patient, patch in PATCHES.items()}
    [twins] = find_twins(small | {"again": small["p003"][::-1].copy()})
    assert {twins.first, twins.second} == {"p003", "again"}


def test_t05_the_refusal_says_how_many_and_what_to_do() -> None:
    check_unique(PATCHES)
    with pytest.raises(
        RunRefusedError, match=r"E_LEAKAGE: 2 patients have the same image as another one .* merge"
    ) as told:
        check_unique(PATCHES | {"again": noisy(FIRST)})
    assert "again" not in str(told.value)


def test_twins_in_several_sequences_are_counted_once_with_their_largest_similarity() -> None:
    found = [Twins("a", "b", 0.7), Twins("c", "d", 0.8), Twins("b", "a", 0.9)]
    with pytest.raises(SameImageError, match=r"4 patients .* 0.80 to 0.90") as told:
        refuse_twins(found)
    assert told.value.pairs == (Twins("b", "a", 0.9), Twins("c", "d", 0.8))


def test_a_search_that_has_found_nobody_refuses_nothing() -> None:
    refuse_twins([])


def test_t05_a_patient_in_both_parts_is_recognised_by_their_key() -> None:
    fold = TUMOURS.data.folds[0]
    leaky = type(fold)(0, (*fold.train, fold.test[0]), fold.test)
    check_disjoint(TUMOURS.data.folds)
    with pytest.raises(RunRefusedError, match="E_LEAKAGE: fold 0: 1 patients"):
        check_disjoint([leaky])


def test_the_tumour_is_seen_below_noise() -> None:
    mask, seen = tumour_masks(np.stack([FIRST, noisy(FIRST)]))
    assert (mask & seen).sum() / (mask | seen).sum() > 0.9


def test_a_texture_does_not_depend_on_the_scale_of_the_intensities() -> None:
    one, other = textures(np.stack([FIRST, 3 * FIRST + 1])).values
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_an_image_without_any_texture_has_none() -> None:
    assert not textures(np.ones((1, 64, 64), np.float32)).values.any()
