"""Runs the paper's protocol on a synthetic cohort of the same size and prints Table 1: `make protocol`.

100 synthetic patients, 17 mutants, six sequences, five folds, 500 epochs. Then rCBV is trained 19 times on shuffled
labels; the AUCs give the null interval of this network (Ojala and Garriga, JMLR 2010). Mann and Whitney's interval is
too narrow out of fold, because each fold is tested on patients that the other folds are trained on.
"""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import stats

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.performance import Interval
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import IdhError
from idh_tasks.learning.intervals import null_interval
from idh_tasks.offline import learning, learning_files
from idh_tasks.offline.patches import cut_study
from idh_tasks.phantom.patient import PatientPlan, write_patient
from idh_tasks.reporting.report import table_rows
from idh_tasks.settings import LearningSettings

PATIENTS, MUTANTS, SEED = 100, 17, 11
SHUFFLES = 19


def cut(root: Path, number: int) -> None:
    """Simulate one patient and cut the patches, unless they exist already."""
    out = root / "patches" / f"{number:03d}"
    if out.exists():
        return
    status = IdhStatus.MUTANT if number < MUTANTS else IdhStatus.WILDTYPE
    plan = PatientPlan(number, SEED, status, None, None, motion_mm=5, motion_degrees=5)
    write_patient(root / "studies", plan)
    try:
        cut_study(root / "studies" / f"{number:03d}", None, out)
    except IdhError as error:
        sys.stdout.write(f"patient {number}: {error}\n")


def training_file(root: Path, sequence: MrSequence, shuffle: int | None = None) -> Path:
    """Write the patches of one sequence to a file for training; `shuffle` is the seed of shuffled labels."""
    files = sorted(root.glob(f"patches/*/{sequence}.npy"))
    numbers = [int(path.parent.name) for path in files]
    y = np.array([int(number < MUTANTS) for number in numbers])
    name = sequence.value
    if shuffle is not None:
        y, name = np.random.default_rng(shuffle).permutation(y), f"{sequence}-shuffled-{shuffle}"
    path = root / f"{name}.npz"
    np.savez(path, x=np.stack([np.load(file) for file in files]), y=y, patient=np.array([f"p{n:03d}" for n in numbers]))
    return path


def table(root: Path, settings: LearningSettings) -> list[str]:
    """Train and report each sequence; return Table 1 as lines."""
    reports = []
    started = time.monotonic()
    for sequence in MODEL_SEQUENCES:
        run = root / f"run-{sequence}"
        learning.train(training_file(root, sequence), run, settings, sequence.value)
        (root / f"report-{sequence}.html").write_text(learning.report(run))
        scores = learning_files.read_scores(run / "scores.csv")
        reports.append(learning.sequence_report(sequence, scores, settings.seed))
        sys.stdout.write(f"{sequence} trained after {time.monotonic() - started:.0f} s\n")
    return [_line(row) for row in table_rows(reports)]


def _line(row: Mapping[str, object]) -> str:
    columns = "  ".join(f"{name} {row[name]}" for name in ("accuracy", "loss", "sensitivity", "specificity", "auc"))
    spread = f"out of fold {row['interval']}  Brier {row['brier']}, stated {row['calibrated_brier']}"
    stated = f"log loss {row['log_loss']}  in the large {row['in_the_large']}  slope {row['calibration_slope']}"
    return f"{row['sequence']:7} n {row['n']}  {columns}  {spread}  {stated}"


def shuffled(root: Path, settings: LearningSettings) -> list[str]:
    """Train rCBV on shuffled labels; return the AUCs and their intervals as lines."""
    aucs = []
    for seed in range(SHUFFLES):
        run = root / f"run-shuffled-{seed}"
        aucs.append(learning.train(training_file(root, MrSequence.RCBV, seed), run, settings, "")["auc"])
        sys.stdout.write(f"shuffle {seed}: AUC {aucs[-1]:.2f}\n")
    return by_chance(np.array(aucs), null_interval(MUTANTS, PATIENTS - MUTANTS, settings.seed))


def by_chance(aucs: NDArray[np.float64], mann_whitney: Interval) -> list[str]:
    """Return as lines the mean of AUCs on shuffled labels (n,), and how many are outside of two null intervals."""
    mean, spread, freedom = aucs.mean(), aucs.std(ddof=1), len(aucs) - 1
    low, high = stats.t.interval(0.95, freedom, mean, stats.sem(aucs))
    own = stats.t.interval(0.95, freedom, 0.5, spread)
    return [
        f"shuffled labels, rCBV: mean AUC {mean:.3f} [{low:.3f}, {high:.3f}], SD {spread:.3f}",
        f"null interval of this network: {_outside(aucs, *own)}",
        f"Mann and Whitney's: {_outside(aucs, mann_whitney.low, mann_whitney.high)}",
    ]


def _outside(aucs: NDArray[np.float64], low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}, {((aucs < low) | (aucs > high)).sum()} of {len(aucs)} outside"


def main(root: Path, epochs: int) -> None:
    """Print Table 1 of the synthetic cohort, the time it took, and the AUCs on shuffled labels."""
    settings = LearningSettings(epochs=epochs, repetitions=1)
    started = time.monotonic()
    Parallel(n_jobs=2)(delayed(cut)(root, number) for number in range(PATIENTS))
    sys.stdout.write(f"{PATIENTS} synthetic patients simulated and cut in {time.monotonic() - started:.0f} s\n")
    for line in (*table(root, settings), *shuffled(root, settings)):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    main(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 500)
