"""Fold-epochs per second: our cross-validation beside the plain Keras script one would write from the paper.

Both train what the platform trains for a sequence: the same five folds of the same 100 synthetic patients (17 mutants,
balanced to parity by rotation) and the final network on all of them, which counts as 1.25 folds, its share of images.
"""

import os
import statistics
import time
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from idh_tasks.domain.learning import FINAL, Fold
from idh_tasks.learning.augmentation import balanced_order
from idh_tasks.learning.course import Patches, Task
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.metrics import measure
from idh_tasks.learning.network import build_network
from idh_tasks.learning.training import train
from idh_tasks.settings import LearningSettings

Images = Mapping[str, NDArray[np.float32]]

PATIENTS, MUTANTS = 100, 17
WARM, EPOCHS = 2, 40
PROTOCOL = 15_000
"""Six sequences, five folds, 500 epochs."""
FINAL_SHARE = 1.25
NOTHING = Patches(np.zeros((0, 64, 64), np.float32), np.zeros(0, np.int64))


def cohort(patients: int = PATIENTS, mutants: int = MUTANTS) -> tuple[dict[str, NDArray[np.float32]], dict[str, bool]]:
    """Return synthetic patches, a little brighter for mutants, and labels."""
    rng = np.random.default_rng(1)
    labels = {f"p{n:05d}": n < mutants for n in range(patients)}
    return {
        p: (rng.standard_normal((64, 64)) + 0.04 * mutant).astype(np.float32) for p, mutant in labels.items()
    }, labels


def ours(
    patches: Mapping[str, NDArray[np.float32]], labels: Mapping[str, bool], folds: list[Fold]
) -> tuple[float, list[float]]:
    """Return fold-epochs per second without start and compilation, and the AUC of each fold."""

    def run(epochs: int) -> tuple[float, list[float]]:
        started = time.perf_counter()
        settings = LearningSettings(epochs=epochs)
        outcomes = cross_validate(patches, labels, folds, settings)
        return time.perf_counter() - started, [measure(o.scores).auc for o in outcomes if o.scores]

    run(1)
    short, (long, aucs) = run(WARM)[0], run(EPOCHS)
    return (len(folds) + FINAL_SHARE) * (EPOCHS - WARM) / (long - short), aucs


def plain(
    patches: Mapping[str, NDArray[np.float32]], labels: Mapping[str, bool], folds: list[Fold]
) -> tuple[float, list[float]]:
    """Return the same of `model.fit` on an ImageDataGenerator, fold after fold, on all cores."""
    seconds = 0.0
    aucs: list[float] = []
    for fold in (*folds, Fold(FINAL, tuple(labels), ())):
        y = np.array([int(labels[p]) for p in fold.train])
        order = balanced_order(y, np.random.default_rng(len(aucs)))
        x = np.stack([patches[p] for p in fold.train])[order][..., None]
        model = build_network(64, LearningSettings())
        model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy")
        flow = ImageDataGenerator(rotation_range=90).flow(x, np.eye(2)[y[order]], batch_size=16)
        model.fit(flow, epochs=WARM, verbose=0)
        started = time.perf_counter()
        model.fit(flow, epochs=EPOCHS - WARM, verbose=0)
        seconds += time.perf_counter() - started
        if not fold.test:
            continue
        given = model.predict(np.stack([patches[p] for p in fold.test])[..., None], verbose=0)[:, 1]
        aucs.append(float(roc_auc_score([labels[p] for p in fold.test], given)))
    return (len(folds) + FINAL_SHARE) * (EPOCHS - WARM) / seconds, aucs


def flops_an_image() -> float:
    """Return the floating-point operations of one training image: forward, and twice that backward."""
    operations = 0.0
    for layer in build_network(64, LearningSettings()).layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
            places = np.prod(layer.output.shape[1:3]) if isinstance(layer, keras.layers.Conv2D) else 1
            operations += 2 * np.prod(layer.kernel.shape) * float(places)
    return 3 * operations


def peak() -> float:
    """Return the floating-point operations a second of a large matrix product on all cores."""
    matrix = tf.random.normal((2048, 2048))
    tf.matmul(matrix, matrix)
    started = time.perf_counter()
    for _ in range(10):
        product = tf.matmul(matrix, matrix)
    product.numpy()
    return 10 * 2 * 2048**3 / (time.perf_counter() - started)


def growth() -> None:
    """Print what an epoch costs at growing cohorts, on one core and one fold."""
    for patients in (100, 1_000, 10_000):
        patches, labels = cohort(patients, patients // 2)
        data = Patches(np.stack(list(patches.values())), np.array([int(m) for m in labels.values()]))
        more = max(2, 4_000 // patients)
        times = []
        for epochs in (1, 1 + more):
            started = time.perf_counter()
            train(Task(data, NOTHING, seed=1), LearningSettings(epochs=epochs, checkpoint_every=1000))
            times.append(time.perf_counter() - started)
        seconds = (times[1] - times[0]) / more
        print(f"n = {patients:6}: {seconds:7.2f} s an epoch, {1e3 * seconds / patients:.2f} ms a patient")


def main() -> None:
    """Measure both sides in one run."""
    patches, labels = cohort()
    folds = stratified_folds(labels, 5, 1)
    mine, my_aucs = ours(patches, labels, folds)
    theirs, their_aucs = plain(patches, labels, folds)
    for name, rate, aucs in (("ours", mine, my_aucs), ("plain Keras", theirs, their_aucs)):
        print(
            f"{name:12} {rate:6.2f} fold-epochs/s on {os.cpu_count()} cores; AUC after {EPOCHS} epochs "
            f"{statistics.fmean(aucs):.2f} ± {statistics.stdev(aucs):.2f} over folds"
        )
    images = 2 * (PATIENTS - MUTANTS) * 0.8
    print(f"ratio {mine / theirs:.2f}; the paper's {PROTOCOL} fold-epochs take {PROTOCOL / mine / 60:.1f} minutes")
    print(f"{flops_an_image() * images * mine / peak():.0%} of the peak of a matrix product")
    growth()


if __name__ == "__main__":
    main()
