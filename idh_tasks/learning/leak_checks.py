"""What is checked for leaks besides the images themselves: negative controls, and leaks that the checks must find."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.learning import CONTROL_LIMIT, PLANTED, LeakCheck
from idh_tasks.learning.control_features import border_features, grain_features, outline_features, pixel_features
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.images import Images, Rows, chunks, in_one_array
from idh_tasks.learning.negative_controls import (
    Array,
    Control,
    Labels,
    assigned_folds,
    best_feature_scorer,
    control,
    linear_scorer,
)
from idh_tasks.learning.ranked_features import ranked
from idh_tasks.learning.texture import Float
from idh_tasks.learning.twins import find_twins

PLANTED_AMONG = 100
"""Patients among whom a leak is planted."""
PIXEL = "single pixels"
LINEAR = {"outline": outline_features, "border of the image": border_features, "noise and sharpness": grain_features}

Acquisition = Mapping[str, Mapping[str, Sequence[float]]]
"""Numbers about the acquisition by control and patient."""


def leak_checks(data: TrainingData, acquisition: Acquisition, seed: int) -> tuple[LeakCheck, ...]:
    """Return the negative controls of a sequence, and whether leaks planted in a copy of its data are found.

    Parameters
    ----------
    acquisition
        What is stored about vendor, protocol and ingest; patients without it are left out.
    """
    images, mutant = _images(data)
    rows = _sample(len(mutant), seed)
    sample = images[rows]
    planted = (_planted_label(sample, mutant[rows], seed), _planted_twins(sample, rows.tolist(), seed))
    return (*controls(data, acquisition, seed), *planted)


def controls(data: TrainingData, acquisition: Acquisition, seed: int) -> tuple[LeakCheck, ...]:
    """Return the negative controls alone."""
    images, mutant = _images(data)
    return (
        *(_linear(name, _features(images, features), mutant, seed) for name, features in LINEAR.items()),
        *(_of_acquisition(name, known, data.labels, seed) for name, known in acquisition.items()),
        _check(PIXEL, _pixel_control(images, mutant, seed), Code.E_LABEL_MARK),
    )


def _images(data: TrainingData) -> tuple[Images, Labels]:
    return in_one_array(data.patches).of(list(data.labels)), np.array(list(data.labels.values()), dtype=bool)


def _features(images: Images, features: Callable[[Float], Array]) -> Array:
    return np.concatenate([features(some) for some in chunks(images)])


def _linear(name: str, features: Array, mutant: Labels, seed: int) -> LeakCheck:
    folds = assigned_folds(mutant, seed)
    found = None if folds is None else control(linear_scorer(features, folds), mutant, folds, seed)
    return _check(name, found, Code.W_CONTROL)


def _of_acquisition(
    name: str, known: Mapping[str, Sequence[float]], labels: Mapping[str, bool], seed: int
) -> LeakCheck:
    patients = [patient for patient in labels if patient in known]
    mutant = np.array([labels[p] for p in patients], dtype=bool)
    features = np.array([known[p] for p in patients], dtype=np.float64).reshape(len(patients), -1)
    return _linear(name, features, mutant, seed)


def _pixel_control(images: Images, mutant: Labels, seed: int) -> Control | None:
    folds = assigned_folds(mutant, seed)
    if folds is None:
        return None
    with TemporaryDirectory() as folder:
        ranks = ranked((pixel_features(some) for some in chunks(images)), len(mutant), Path(folder))
        return control(best_feature_scorer(ranks, folds), mutant, folds, seed)


def _check(name: str, found: Control | None, code: Code) -> LeakCheck:
    if found is None:
        return LeakCheck(name, None, None, Code.W_LEAK_BLIND)
    return LeakCheck(name, found.auc, found.p_value, code if found.p_value <= CONTROL_LIMIT else None)


def _planted_label(sample: Float, mutant: Labels, seed: int) -> LeakCheck:
    """Write the label into a corner pixel of some patients, and see whether the control of single pixels finds it."""
    copy = sample.copy()
    copy[:, 0, 0] += np.where(mutant, 1, -1) * max(float(copy.std()), 1e-3)
    found = _pixel_control(copy, mutant, seed)
    caught = found is not None and found.p_value <= CONTROL_LIMIT
    return LeakCheck(
        f"{PLANTED} label",
        found.auc if found else None,
        found.p_value if found else None,
        None if caught else Code.W_LEAK_BLIND,
    )


def _planted_twins(sample: Float, rows: Sequence[int], seed: int) -> LeakCheck:
    """Add a noisy, scaled, shifted and mirrored copy of a patient to some patients, and see whether it is found."""
    patches = {str(row): patch for row, patch in zip(rows, sample, strict=True)}
    twins = find_twins(patches | {PLANTED: twin_of(sample[0], seed)})
    caught = any({pair.first, pair.second} == {str(rows[0]), PLANTED} for pair in twins)
    return LeakCheck(f"{PLANTED} twins", None, None, None if caught else Code.W_LEAK_BLIND)


def _sample(count: int, seed: int) -> Rows:
    return np.random.default_rng(seed).permutation(count)[:PLANTED_AMONG]


def twin_of(patch: Float, seed: int, noise: float = 0.02) -> Float:
    """Return a patch (size, size) as another examination of the same patient might show it.

    Parameters
    ----------
    noise
        Standard deviation of the added noise, as a share of that of the patch.
    """
    rng = np.random.default_rng(seed)
    moved = ndimage.shift(patch[:, ::-1], (1.0, -1.5), order=1)
    noisy = 1.1 * moved + noise * patch.std() * rng.standard_normal(patch.shape)
    return np.asarray(noisy, dtype=np.float32)
