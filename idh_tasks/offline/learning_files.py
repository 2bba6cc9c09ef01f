"""Files of `idh learn`: labels, patches and scores, checked when they are read."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.offline.learning_table import (
    Line,
    probability,
    read_lines,
    refuse_two_spellings,
    refused,
    whole_number,
)

MUTANT = {"1", "true", "mutant", "mut", "idh-mutant"}
WILDTYPE = {"0", "false", "wildtype", "wild-type", "wt", "idh-wildtype"}
REAL = "biuf"
"""Kinds of numbers that patches may have; of complex ones half would be lost."""
SCORE_COLUMNS = ("patient", "label", "probability_mutant", "calibrated", "fold", "repetition")


def read_labels(path: Path) -> dict[str, bool]:
    """Read a CSV file with the columns patient and label; return patient → mutant.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` as `read_lines`, and for a label that is neither mutant nor wild type; ``E_LEAKAGE`` for a patient
        with both labels.
    """
    return _labels(read_lines(path, ("patient", "label")))


def _labels(lines: Iterable[Line]) -> dict[str, bool]:
    labels: dict[str, bool] = {}
    for number, row in lines:
        mutant = _label(row["label"], number)
        if labels.setdefault(row["patient"], mutant) != mutant:
            reason = f"line {number}: the patient is in the file with both labels"
            raise RunRefusedError(Code.E_LEAKAGE, reason)
    return labels


def _label(text: str, line: int) -> bool:
    label = text.lower()
    if label not in MUTANT | WILDTYPE:
        raise refused("the label is neither mutant (1) nor wildtype (0)", line)
    return label in MUTANT


def read_scores(path: Path) -> list[HeldOutScore]:
    """Read a CSV file with the columns patient, label, probability_mutant, and maybe calibrated, fold and repetition.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` as `read_labels`, and for a probability, a fold or a repetition that is none, in any row of a
        column that the file has; ``E_LEAKAGE`` for a patient with both labels.
    """
    lines = read_lines(path, ("patient", "label", "probability_mutant"))
    labels = _labels(lines)
    return [_score(number, row, labels) for number, row in lines]


def _score(line: int, row: Mapping[str, str], labels: Mapping[str, bool]) -> HeldOutScore:
    stated = probability(row["probability_mutant"], "probability_mutant", line)
    calibrated = probability(row["calibrated"], "calibrated", line) if "calibrated" in row else stated
    fold, repetition = (whole_number(row[name], name, line) if name in row else 0 for name in ("fold", "repetition"))
    return HeldOutScore(row["patient"], fold, labels[row["patient"]], stated, calibrated, repetition)


def write_scores(path: Path, scores: Iterable[HeldOutScore]) -> None:
    """Write scores as `read_scores` reads them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SCORE_COLUMNS)
        for s in scores:
            row = (s.patient_key, int(s.mutant), s.probability_mutant, s.calibrated, s.fold, s.repetition)
            writer.writerow(row)


def _opened(path: Path) -> NpzFile:
    """Open an .npz file; one of another kind is refused."""
    try:
        opened = np.load(path, allow_pickle=False)
    except (ValueError, BadZipFile, EOFError):
        opened = None
    if not isinstance(opened, NpzFile):
        raise RunRefusedError(Code.E_SCHEMA, f"{path.name} is no .npz file")
    return opened


def read_data(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, bool]]:
    """Read an .npz file with the arrays x, y and patient; return patches and labels by patient.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` if an array is missing or has the wrong shape or type, and for a label that is neither mutant nor
        wild type; ``E_EMPTY_IMAGE`` for values that are not finite, ``E_LEAKAGE`` for a patient who is in the file
        twice.
    """
    with _opened(path) as arrays:
        if not {"x", "y", "patient"} <= set(arrays.files):
            reason = f"{path.name} must have the arrays x [n, size, size], y [n] and patient [n]"
            raise RunRefusedError(Code.E_SCHEMA, reason)
        x, y, patients = _content(arrays)
    if x.ndim != 3 or x.shape[1] != x.shape[2] or y.ndim != 1 or not len(x) == len(y) == len(patients):
        raise RunRefusedError(Code.E_SCHEMA, f"x has the shape {x.shape}, y {y.shape}, with {len(patients)} patients")
    if not np.isfinite(x).all():
        raise RunRefusedError(Code.E_EMPTY_IMAGE, "x has values that are not finite")
    refuse_two_spellings(enumerate(patients, start=1))
    if len(set(patients)) < len(patients):
        raise RunRefusedError(Code.E_LEAKAGE, "a patient is in the file twice; there must be one patch per patient")
    return dict(zip(patients, x, strict=True)), dict(zip(patients, _mutants(y), strict=True))


def _content(arrays: NpzFile) -> tuple[NDArray[np.float32], NDArray[Any], list[str]]:
    """Return x, y and the patients; arrays of Python objects, and patches that are no real numbers, are refused."""
    try:
        x, y, patients = arrays["x"], arrays["y"], arrays["patient"].astype(str)
    except ValueError:
        raise refused("no array may have Python objects, and patients must be written in ASCII or Unicode") from None
    if x.dtype.kind not in REAL:
        raise refused("x must have real numbers")
    if patients.ndim != 1:
        raise refused(f"patient has the shape {patients.shape}; it must be [n]")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        return x.astype(np.float32), y, patients.tolist()


def _mutants(y: NDArray[Any]) -> list[bool]:
    """Return whether each patient is mutant; a missing label or a third class would otherwise count as mutant."""
    if y.dtype.kind in "US":
        return [_label(str(text).strip(), place) for place, text in enumerate(y.astype(str), start=1)]
    if not np.isin(y, (0, 1)).all():
        raise refused("y has labels other than 0 (wild type) and 1 (mutant)")
    return [bool(label) for label in y]


def refuse_small(patches: Mapping[str, NDArray[np.float32]], least: int) -> None:
    """Refuse patches (size, size) of which pooling would leave nothing.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with both sizes.
    """
    for patch in patches.values():
        if len(patch) < least:
            raise refused(f"patches are {len(patch)} pixels wide; the network needs {least} at least")
