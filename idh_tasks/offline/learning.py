"""Learning at a scientist's desk: labels, patches and scores in files, without database or store."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import FINAL, Fold, HeldOutScore, Scheme
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.checkpoints import FolderCheckpoints
from idh_tasks.learning.cross_validation import FoldOutcome, cross_validate
from idh_tasks.learning.folds import folds_of, make_folds, mutants_held_out
from idh_tasks.learning.intervals import auc_interval, delong
from idh_tasks.learning.metrics import brier, calibrated_brier, expected_calibration_error, fit_mean_curve, measure
from idh_tasks.pipelines.platform import code_version
from idh_tasks.reporting import figures
from idh_tasks.reporting.report import Figures, SequenceReport, render
from idh_tasks.settings import LearningSettings
from idh_tasks.store.objects import sha256

MUTANT = {"1", "true", "mutant", "mut", "idh-mutant"}
WILDTYPE = {"0", "false", "wildtype", "wild-type", "wt", "idh-wildtype"}
SCORE_COLUMNS = ("patient", "label", "probability_mutant", "calibrated", "fold")


@dataclass(frozen=True)
class Split:
    """Folds of a label file, how many mutants each test set has, and out of how many."""

    folds: list[Fold]
    mutants: list[int]
    patients: int
    all_mutants: int


def read_labels(path: Path) -> dict[str, bool]:
    """Read a CSV with the columns patient and label.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for a missing column or a label that is neither mutant nor wild type, ``E_LEAKAGE`` for a patient
        with both.
    """
    labels: dict[str, bool] = {}
    for row in _rows(path, ("patient", "label")):
        mutant = _label(row["label"])
        if labels.setdefault(row["patient"], mutant) != mutant:
            raise RunRefusedError(Code.E_LEAKAGE, "a patient stands in the file with both labels")
    return labels


def _rows(path: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in needed if rows and name not in rows[0]]
    if missing or not rows:
        raise RunRefusedError(Code.E_SCHEMA, f"{path.name} needs the columns {', '.join(needed)}, and a row at least")
    return rows


def _label(text: str) -> bool:
    plain = text.strip().lower()
    if plain not in MUTANT | WILDTYPE:
        raise RunRefusedError(Code.E_SCHEMA, "a label is neither mutant (1) nor wildtype (0)")
    return plain in MUTANT


def split(path: Path, scheme: Scheme, count: int, min_mutants: int | None, seed: int) -> Split:
    """Make the folds of a label file."""
    labels = read_labels(path)
    folds = make_folds(labels, scheme, count, seed, min_mutants)
    return Split(folds, mutants_held_out(folds, labels), len(labels), sum(labels.values()))


def read_scores(path: Path) -> list[HeldOutScore]:
    """Read a CSV with the columns patient, label, probability_mutant and, if it has them, fold and calibrated.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for a missing column or a value that is no probability.
    """
    found = []
    for row in _rows(path, ("patient", "label", "probability_mutant")):
        try:
            given = float(row["probability_mutant"])
            calibrated = float(row.get("calibrated") or given)
            fold = int(row.get("fold") or 0)
        except ValueError:
            raise RunRefusedError(Code.E_SCHEMA, "a probability or a fold is no number") from None
        if not 0 <= given <= 1:
            raise RunRefusedError(Code.E_SCHEMA, "a probability lies outside 0 to 1")
        found.append(HeldOutScore(row["patient"], fold, _label(row["label"]), given, calibrated))
    return found


def measured(scores: list[HeldOutScore], seed: int) -> dict[str, float]:
    """Return every metric of a set of scores under flat names."""
    bootstrap, analytic = auc_interval(scores, seed), delong(scores)
    return asdict(measure(scores)) | {
        "auc_low": bootstrap.low,
        "auc_high": bootstrap.high,
        "auc_delong_low": analytic.low,
        "auc_delong_high": analytic.high,
        "brier": brier(scores),
        "ece": expected_calibration_error(scores),
    }


def read_data(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, bool]]:
    """Read patches by patient, and labels, from an .npz with the arrays x, y and patient.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` if an array is missing or of another shape, ``E_EMPTY_IMAGE`` for values that are no numbers,
        ``E_LEAKAGE`` for a patient who stands there twice.
    """
    with np.load(path, allow_pickle=False) as found:
        if not {"x", "y", "patient"} <= set(found.files):
            raise RunRefusedError(
                Code.E_SCHEMA, f"{path.name} needs the arrays x [n, size, size], y [n] and patient [n]"
            )
        x, y, patients = found["x"].astype(np.float32), found["y"], [str(p) for p in found["patient"]]
    if x.ndim != 3 or x.shape[1] != x.shape[2] or not len(x) == len(y) == len(patients):
        raise RunRefusedError(Code.E_SCHEMA, f"x has the shape {x.shape}, y {y.shape}, of {len(patients)} patients")
    if not np.isfinite(x).all():
        raise RunRefusedError(Code.E_EMPTY_IMAGE, "x holds values that are no numbers")
    if len(set(patients)) < len(patients):
        raise RunRefusedError(Code.E_LEAKAGE, "a patient stands in the file twice; one patch a patient is needed")
    return dict(zip(patients, x, strict=True)), dict(zip(patients, map(bool, y), strict=True))


def train(data: Path, out: Path, settings: LearningSettings, name: str) -> dict[str, float]:
    """Cross-validate the patches of a file, train the final network, and write everything into a folder.

    A run that was killed goes on from its checkpoints; one with other data or settings in the same folder is refused.

    Raises
    ------
    RunRefusedError
        ``E_STALE`` if the folder holds another run; else what folds and training raise.
    """
    patches, labels = read_data(data)
    folds = folds_of(labels, settings)
    plan: dict[str, object] = {
        "name": name,
        "data_sha256": sha256(data.read_bytes()),
        "settings": settings.model_dump(mode="json"),
    }
    _claim(out, plan)
    outcomes = cross_validate(patches, labels, folds, settings, FolderCheckpoints(out / "checkpoints"))
    return _write(out, plan, outcomes, settings)


def _claim(out: Path, plan: dict[str, object]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path = out / "plan.json"
    if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(plan)):
        raise RunRefusedError(Code.E_STALE, f"{out.name} holds a run of other data or settings; choose another folder")
    path.write_text(json.dumps(plan, indent=1))


def _write(
    out: Path, plan: dict[str, object], outcomes: list[FoldOutcome], settings: LearningSettings
) -> dict[str, float]:
    folds = [o for o in outcomes if o.number != FINAL]
    scores = [score for outcome in folds for score in outcome.scores]
    numbers = measured(scores, settings.seed)
    final = next(o for o in outcomes if o.number == FINAL)
    if final.model_file is not None:
        (out / "model.keras").write_bytes(final.model_file)
    _write_scores(out / "scores.csv", scores)
    run = plan | {
        "metrics": numbers,
        "folds": [asdict(measure(o.scores)) | {"fold": o.number, "temperature": o.temperature} for o in folds],
        "curves": [o.curve for o in folds],
        "temperature": final.temperature,
        "model_sha256": sha256(final.model_file or b""),
        "device": final.device,
        "code": code_version("learning"),
        "versions": {name: version(name) for name in ("keras", "numpy", "scikit-learn")},
    }
    (out / "run.json").write_text(json.dumps(run, indent=1))
    return numbers


def _write_scores(path: Path, scores: Iterable[HeldOutScore]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SCORE_COLUMNS)
        for s in scores:
            writer.writerow((s.patient_key, int(s.mutant), s.probability_mutant, s.calibrated, s.fold))


def report(run_dir: Path) -> str:
    """Return the HTML report of a run that `train` has written.

    Raises
    ------
    RunRefusedError
        ``E_NO_RUN`` if the folder holds none that is finished.
    """
    path = run_dir / "run.json"
    if not path.exists():
        raise RunRefusedError(Code.E_NO_RUN, f"{run_dir.name} holds no finished run; call `idh learn train` again")
    run = json.loads(path.read_text())
    scores = read_scores(run_dir / "scores.csv")
    name, seed = _sequence(run["name"]), int(run["settings"]["seed"])
    told = reported(name, scores, seed)
    curves = {name: [[(int(epoch), float(loss)) for epoch, loss in curve] for curve in run["curves"]]}
    drawn = Figures(
        roc=figures.roc_figure({name: scores}),
        boxes=figures.box_figure({name: told.folds}),
        learning=figures.learning_figure(curves, {name: fit_mean_curve(curves[name])}),
        calibration=figures.calibration_figure({name: scores}),
        patches="",
    )
    settings = json.dumps(run["settings"], indent=1)
    return render(sha256(path.read_bytes())[:12], "as given at the desk", [told], drawn, None, settings)


def _sequence(name: str) -> MrSequence:
    return MrSequence(name) if name in MrSequence.__members__ else MrSequence.OTHER


def reported(name: MrSequence, scores: list[HeldOutScore], seed: int) -> SequenceReport:
    """Return what a report says of a set of scores."""
    by_fold: dict[int, list[HeldOutScore]] = {}
    for score in scores:
        by_fold.setdefault(score.fold, []).append(score)
    return SequenceReport(
        sequence=name,
        n=len(scores),
        mutants=sum(score.mutant for score in scores),
        folds=tuple(measure(own) for _, own in sorted(by_fold.items())),
        auc=auc_interval(scores, seed),
        delong=delong(scores),
        brier=brier(scores),
        ece=expected_calibration_error(scores),
        calibrated_brier=calibrated_brier(scores),
    )


def as_json(found: Split) -> Mapping[str, object]:
    """Return folds as the command line prints them."""
    return {"folds": [{"train": list(fold.train), "test": list(fold.test)} for fold in found.folds]}
