"""Fold-epochs per second: our cross-validation beside the plain Keras script that one would write from the paper.

Both train what the platform trains for a sequence: the same five folds of the same 100 synthetic patients (17 mutants,
balanced by repetition and rotated) and the final network on all of them, which has 1.25 times the images of a fold and
counts as 1.25 folds.
"""

import os
import statistics
import time

import keras
import numpy as np
import tensorflow as tf
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from sklearn.metrics import roc_auc_score

from idh_tasks.domain.learning import FINAL, Fold
from idh_tasks.learning.augmentation import balanced_order
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.metrics import measure
from idh_tasks.learning.network import build_network
from idh_tasks.learning.training import train
from idh_tasks.learning.training_job import Patches, TrainingJob
from idh_tasks.settings import LearningSettings

PATIENTS, MUTANTS = 100, 17
WARM, EPOCHS = 2, 40
PROTOCOL = 15_000
"""Fold-epochs of the paper: six sequences, five folds, 500 epochs."""
FINAL_SHARE = 1.25
NOTHING = Patches(np.zeros((0, 64, 64), np.float32), np.zeros(0, np.int64))


def cohort(patients: int = PATIENTS, mutants: int = MUTANTS) -> TrainingData:
    """Return synthetic patches, slightly brighter for mutants, in five folds."""
    rng = np.random.default_rng(1)
    labels = {f"p{n:05d}": n < mutants for n in range(patients)}
    patches = {p: (rng.standard_normal((64, 64)) + 0.04 * mutant).astype(np.float32) for p, mutant in labels.items()}
    return TrainingData(patches, labels, stratified_folds(labels, 5, 1))


def ours(data: TrainingData) -> tuple[float, list[float]]:
    """Return fold-epochs per second, without start and compilation, and the AUC of each fold."""

    def run(epochs: int) -> tuple[float, list[float]]:
        started = time.perf_counter()
        settings = LearningSettings(epochs=epochs)
        outcomes = cross_validate(data, settings)
        return time.perf_counter() - started, [measure(o.scores).auc for o in outcomes if o.scores]

    run(1)
    short, (long, aucs) = run(WARM)[0], run(EPOCHS)
    return (len(data.folds) + FINAL_SHARE) * (EPOCHS - WARM) / (long - short), aucs


def plain(data: TrainingData) -> tuple[float, list[float]]:
    """Return the same for `model.fit` on an ImageDataGenerator, one fold after the other, on all cores."""
    seconds = 0.0
    aucs: list[float] = []
    for fold in (*data.folds, Fold(FINAL, tuple(data.labels), ())):
        y = np.array([int(data.labels[p]) for p in fold.train])
        order = balanced_order(y, np.random.default_rng(len(aucs)))
        x = np.stack([data.patches[p] for p in fold.train])[order][..., None]
        model = build_network(64, LearningSettings())
        model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy")
        flow = ImageDataGenerator(rotation_range=90).flow(x, np.eye(2)[y[order]], batch_size=16)
        model.fit(flow, epochs=WARM, verbose=0)
        started = time.perf_counter()
        model.fit(flow, epochs=EPOCHS - WARM, verbose=0)
        seconds += time.perf_counter() - started
        if not fold.test:
            continue
        of_mutant = model.predict(np.stack([data.patches[p] for p in fold.test])[..., None], verbose=0)[:, 1]
        aucs.append(float(roc_auc_score([data.labels[p] for p in fold.test], of_mutant)))
    return (len(data.folds) + FINAL_SHARE) * (EPOCHS - WARM) / seconds, aucs


def flops_per_image() -> float:
    """Return the floating-point operations per training image: those of the forward pass, and twice that backward."""
    operations = 0.0
    for layer in build_network(64, LearningSettings()).layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
            places = np.prod(layer.output.shape[1:3]) if isinstance(layer, keras.layers.Conv2D) else 1
            operations += 2 * np.prod(layer.kernel.shape) * float(places)
    return 3 * operations


def peak() -> float:
    """Return the floating-point operations per second of a large matrix product on all cores."""
    matrix = tf.random.normal((2048, 2048))
    tf.matmul(matrix, matrix)
    started = time.perf_counter()
    for _ in range(10):
        product = tf.matmul(matrix, matrix)
    product.numpy()
    return 10 * 2 * 2048**3 / (time.perf_counter() - started)


def growth() -> None:
    """Print the time of an epoch of one fold for cohorts of growing size."""
    for patients in (100, 1_000, 10_000):
        data = cohort(patients, patients // 2)
        patches = Patches(np.stack(list(data.patches.values())), np.array([int(m) for m in data.labels.values()]))
        more = max(2, 4_000 // patients)
        times = []
        for epochs in (1, 1 + more):
            started = time.perf_counter()
            train(TrainingJob(patches, NOTHING, seed=1), LearningSettings(epochs=epochs, checkpoint_every=1000))
            times.append(time.perf_counter() - started)
        seconds = (times[1] - times[0]) / more
        print(f"n = {patients:6}: {seconds:7.2f} s per epoch, {1e3 * seconds / patients:.2f} ms per patient")


def main() -> None:
    """Measure both in one run and print the results."""
    data = cohort()
    our_rate, our_aucs = ours(data)
    plain_rate, plain_aucs = plain(data)
    for name, rate, aucs in (("ours", our_rate, our_aucs), ("plain Keras", plain_rate, plain_aucs)):
        print(
            f"{name:12} {rate:6.2f} fold-epochs/s on {os.cpu_count()} cores; AUC after {EPOCHS} epochs "
            f"{statistics.fmean(aucs):.2f} ± {statistics.stdev(aucs):.2f} over folds"
        )
    images, minutes = 2 * (PATIENTS - MUTANTS) * 0.8, PROTOCOL / our_rate / 60
    print(f"ratio {our_rate / plain_rate:.2f}; the paper's {PROTOCOL} fold-epochs take {minutes:.1f} minutes")
    print(f"{flops_per_image() * images * our_rate / peak():.0%} of the peak of a matrix product")
    growth()


if __name__ == "__main__":
    main()
