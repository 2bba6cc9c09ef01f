"""Seconds and memory of the intervals of an AUC: ours beside scipy's bootstrap over all pairs.

The peer is `scipy.stats.bootstrap` (BCa, 2,000 resamples) with the AUC as the mean over all pairs; its jackknife
compares all pairs once for each patient. Both run on one core, each in a process of its own.
"""

import multiprocessing
import os
import resource
import time

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.performance import assess

MUTANTS = 0.17
PEER_PATIENTS = 500
PATIENTS = (100, PEER_PATIENTS, 2_000, 100_000)
REPETITIONS = 3
SEED = 20200

Array = NDArray[np.float64]


def classes(patients: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return probabilities of mutants and of wild types."""
    mutants = round(MUTANTS * patients)
    return rng.beta(3, 2, mutants), rng.beta(2, 3, patients - mutants)


def cohort(patients: int, repetitions: int) -> list[HeldOutScore]:
    """Return the scores of a cohort in each repetition."""
    rng, scores = np.random.default_rng(SEED), []
    for repetition in range(repetitions):
        mutants, wildtypes = classes(patients, rng)
        values = np.concatenate([mutants, wildtypes]).tolist()
        scores += [HeldOutScore(str(n), 0, n < len(mutants), p, p, repetition) for n, p in enumerate(values)]
    return scores


def all_pairs(mutants: Array, wildtypes: Array, axis: int = -1) -> Array:  # noqa: ARG001 - scipy passes it
    """Return the AUC as the share of correctly ordered pairs, along the last axis."""
    pairs = mutants[..., :, None] - wildtypes[..., None, :]
    return np.asarray(((pairs > 0) + 0.5 * (pairs == 0)).mean(axis=(-2, -1)))


def ours(patients: int, repetitions: int) -> str:
    """Return the bounds of the bootstrap interval; all other numbers of a report are computed as well."""
    auc = assess(cohort(patients, repetitions), SEED).auc
    return f"[{auc.low:.3f}, {auc.high:.3f}]"


def peer(patients: int, _: int) -> str:
    """Return the bounds of scipy's interval."""
    groups = classes(patients, np.random.default_rng(SEED))
    found = bootstrap(groups, all_pairs, n_resamples=2000, method="BCa", batch=100, rng=np.random.default_rng(SEED))
    return "[{:.3f}, {:.3f}]".format(*found.confidence_interval)


def measure(name: str, patients: int, repetitions: int, results: "multiprocessing.Queue[float]") -> None:
    """Print the time and the memory of one call, and pass on the time."""
    before, started = _memory(), time.process_time()
    bounds = (peer if name == "scipy" else ours)(patients, repetitions)
    seconds = time.process_time() - started
    what = f"{name:5} {patients:7,} patients × {repetitions}"
    print(f"{what}: {seconds:7.3f} CPU s, {_memory() - before:6.0f} MB above {before:.0f} MB, AUC {bounds}", flush=True)
    results.put(seconds)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(name: str, patients: int, repetitions: int = 1) -> float:
    """Measure in a process of its own; return the seconds."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=measure, args=(name, patients, repetitions, results))
    process.start()
    process.join()
    return results.get()


def main() -> None:
    """Measure ours for growing cohorts and with repetitions, and the peer where it ends in seconds."""
    os.environ["OMP_NUM_THREADS"] = "1"
    seconds = {patients: run("ours", patients) for patients in PATIENTS}
    run("ours", PATIENTS[-1], REPETITIONS)
    print(f"ratio at {PEER_PATIENTS} patients: {run('scipy', PEER_PATIENTS) / seconds[PEER_PATIENTS]:.0f}")


if __name__ == "__main__":
    main()
