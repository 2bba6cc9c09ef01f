"""Files of `idh learn`: labels, patches and scores, checked when they are read."""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.errors import RunRefusedError

MUTANT = {"1", "true", "mutant", "mut", "idh-mutant"}
WILDTYPE = {"0", "false", "wildtype", "wild-type", "wt", "idh-wildtype"}
SCORE_COLUMNS = ("patient", "label", "probability_mutant", "calibrated", "fold")


def read_labels(path: Path) -> dict[str, bool]:
    """Read a CSV file with the columns patient and label; return patient → mutant.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for a missing column or a label that is neither mutant nor wild type, ``E_LEAKAGE`` for a patient
        with both labels.
    """
    labels: dict[str, bool] = {}
    for row in _rows(path, ("patient", "label")):
        mutant = _label(row["label"])
        if labels.setdefault(row["patient"], mutant) != mutant:
            raise RunRefusedError(Code.E_LEAKAGE, "a patient is in the file with both labels")
    return labels


def _rows(path: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in needed if rows and name not in rows[0]]
    if missing or not rows:
        columns = ", ".join(needed)
        raise RunRefusedError(Code.E_SCHEMA, f"{path.name} must have the columns {columns}, and at least one row")
    return rows


def _label(text: str) -> bool:
    label = text.strip().lower()
    if label not in MUTANT | WILDTYPE:
        raise RunRefusedError(Code.E_SCHEMA, "a label is neither mutant (1) nor wildtype (0)")
    return label in MUTANT


def read_scores(path: Path) -> list[HeldOutScore]:
    """Read a CSV file with the columns patient, label, probability_mutant and optionally fold and calibrated.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for a missing column or a value that is not a probability.
    """
    return [_score(row) for row in _rows(path, ("patient", "label", "probability_mutant"))]


def _score(row: dict[str, str]) -> HeldOutScore:
    try:
        probability = float(row["probability_mutant"])
        calibrated = float(row.get("calibrated") or probability)
        fold = int(row.get("fold") or 0)
    except ValueError:
        raise RunRefusedError(Code.E_SCHEMA, "a probability or a fold is not a number") from None
    if not 0 <= probability <= 1:
        raise RunRefusedError(Code.E_SCHEMA, "a probability is outside 0 to 1")
    return HeldOutScore(row["patient"], fold, _label(row["label"]), probability, calibrated)


def write_scores(path: Path, scores: Iterable[HeldOutScore]) -> None:
    """Write scores as `read_scores` reads them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SCORE_COLUMNS)
        for s in scores:
            writer.writerow((s.patient_key, int(s.mutant), s.probability_mutant, s.calibrated, s.fold))


def read_data(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, bool]]:
    """Read an .npz file with the arrays x, y and patient; return patches and labels by patient.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` if an array is missing or has the wrong shape, ``E_EMPTY_IMAGE`` for values that are not finite,
        ``E_LEAKAGE`` for a patient who is in the file twice.
    """
    with np.load(path, allow_pickle=False) as arrays:
        if not {"x", "y", "patient"} <= set(arrays.files):
            reason = f"{path.name} must have the arrays x [n, size, size], y [n] and patient [n]"
            raise RunRefusedError(Code.E_SCHEMA, reason)
        x, y, patients = arrays["x"].astype(np.float32), arrays["y"], [str(p) for p in arrays["patient"]]
    if x.ndim != 3 or x.shape[1] != x.shape[2] or not len(x) == len(y) == len(patients):
        raise RunRefusedError(Code.E_SCHEMA, f"x has the shape {x.shape}, y {y.shape}, with {len(patients)} patients")
    if not np.isfinite(x).all():
        raise RunRefusedError(Code.E_EMPTY_IMAGE, "x has values that are not finite")
    if len(set(patients)) < len(patients):
        raise RunRefusedError(Code.E_LEAKAGE, "a patient is in the file twice; there must be one patch per patient")
    return dict(zip(patients, x, strict=True)), dict(zip(patients, map(bool, y), strict=True))
