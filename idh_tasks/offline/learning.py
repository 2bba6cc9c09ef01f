"""Learning on files, for a scientist: folds, training, metrics and reports, without database or store."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.domain.learning import FINAL, Fold, HeldOutScore, Interval, Scheme, SequenceResult
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.checkpoints import FolderCheckpoints
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import FoldOutcome, TrainingData
from idh_tasks.learning.folds import folds_of, make_folds, mutants_held_out
from idh_tasks.learning.learning_curves import fit_mean_curve
from idh_tasks.learning.metrics import measure
from idh_tasks.learning.performance import assess
from idh_tasks.offline.learning_files import read_data, read_labels, read_scores, write_scores
from idh_tasks.pipelines.platform import code_version
from idh_tasks.reporting import figures
from idh_tasks.reporting.report import Figures, Report, SequenceReport, render
from idh_tasks.settings import LearningSettings
from idh_tasks.store.objects import sha256

PACKAGES = ("keras", "numpy", "scikit-learn")

Plan = dict[str, object]
"""Name, data hash and settings of the run to which a folder belongs."""


@dataclass(frozen=True)
class Split:
    """The folds of a label file, with the mutants in each test set, all patients and all mutants."""

    folds: list[Fold]
    mutants: list[int]
    patients: int
    all_mutants: int


def split(path: Path, scheme: Scheme, count: int, min_mutants: int | None, seed: int) -> Split:
    """Make the folds of a label file."""
    labels = read_labels(path)
    folds = make_folds(labels, scheme, count, seed, min_mutants)
    return Split(folds, mutants_held_out(folds, labels), len(labels), sum(labels.values()))


def as_json(split: Split) -> Mapping[str, object]:
    """Return folds as the command line prints them."""
    return {"folds": [{"train": list(fold.train), "test": list(fold.test)} for fold in split.folds]}


def measured(scores: Sequence[HeldOutScore], seed: int) -> dict[str, float]:
    """Return all metrics of a set of scores under flat names."""
    performance = assess(scores, seed)
    bounds = _bounds("auc", performance.auc) | _bounds("auc_delong", performance.delong)
    numbers = asdict(measure(scores)) | bounds | {"brier": performance.brier, "ece": performance.ece}
    return {name: number for name, number in numbers.items() if number is not None}


def _bounds(name: str, interval: Interval | None) -> dict[str, float]:
    return {} if interval is None else {f"{name}_low": interval.low, f"{name}_high": interval.high}


def train(data: Path, out: Path, settings: LearningSettings, name: str) -> dict[str, float]:
    """Cross-validate the patches of a file, train the final network, and write everything to a folder.

    A run that was killed resumes from its checkpoints.

    Raises
    ------
    RunRefusedError
        ``E_STALE`` if the folder has a run with other data or settings; otherwise as folds and training.
    """
    patches, labels = read_data(data)
    folds = folds_of(labels, settings)
    plan: Plan = {
        "name": name,
        "data_sha256": sha256(data.read_bytes()),
        "settings": settings.model_dump(mode="json"),
    }
    _claim(out, plan)
    checkpoints = FolderCheckpoints(out / "checkpoints")
    outcomes = cross_validate(TrainingData(patches, labels, folds), settings, checkpoints)
    return _write(out, plan, outcomes, settings)


def _claim(out: Path, plan: Plan) -> None:
    """Bind the folder to this run, unless it is bound to another."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "plan.json"
    if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(plan)):
        reason = f"{out.name} has a run with other data or settings; choose another folder"
        raise RunRefusedError(Code.E_STALE, reason)
    path.write_text(json.dumps(plan, indent=1))


def _write(out: Path, plan: Plan, outcomes: Sequence[FoldOutcome], settings: LearningSettings) -> dict[str, float]:
    folds = [outcome for outcome in outcomes if outcome.number != FINAL]
    final = next(outcome for outcome in outcomes if outcome.number == FINAL)
    scores = [score for outcome in folds for score in outcome.scores]
    numbers = measured(scores, settings.seed)
    if final.model_file is not None:
        (out / "model.keras").write_bytes(final.model_file)
    write_scores(out / "scores.csv", scores)
    run = plan | {"metrics": numbers} | _folds(folds) | _final_network(final) | _versions()
    (out / "run.json").write_text(json.dumps(run, indent=1))
    return numbers


def _folds(outcomes: Sequence[FoldOutcome]) -> dict[str, Any]:
    folds = [asdict(measure(o.scores)) | {"fold": o.number, "temperature": o.temperature} for o in outcomes]
    return {"folds": folds, "curves": [outcome.curve for outcome in outcomes]}


def _final_network(final: FoldOutcome) -> dict[str, Any]:
    model = sha256(final.model_file or b"")
    return {"temperature": final.temperature, "model_sha256": model, "device": final.device}


def _versions() -> dict[str, Any]:
    return {"code": code_version("learning"), "versions": {name: version(name) for name in PACKAGES}}


def report(run_dir: Path) -> str:
    """Return the HTML report of a run written by `train`.

    Raises
    ------
    RunRefusedError
        ``E_NO_RUN`` if the folder has no finished run.
    """
    path = run_dir / "run.json"
    if not path.exists():
        raise RunRefusedError(Code.E_NO_RUN, f"{run_dir.name} has no finished run; repeat `idh learn train`")
    run = json.loads(path.read_text())
    scores = read_scores(run_dir / "scores.csv")
    sequence = sequence_report(_sequence(run["name"]), scores, int(run["settings"]["seed"]))
    curves = [[(int(epoch), float(loss)) for epoch, loss in curve] for curve in run["curves"]]
    settings = json.dumps(run["settings"], indent=1)
    run_id = sha256(path.read_bytes())[:12]
    drawn = _figures(sequence, scores, curves)
    return render(Report(run_id, "as supplied in the file", [sequence], settings, figures=drawn))


def _figures(
    report: SequenceReport, scores: Sequence[HeldOutScore], curves: Sequence[Sequence[tuple[int, float]]]
) -> Figures:
    name = report.result.sequence
    return Figures(
        roc=figures.roc_figure({name: scores}),
        boxes=figures.box_figure({name: report.folds}),
        learning=figures.learning_figure({name: curves}, {name: fit_mean_curve(curves)}),
        calibration=figures.calibration_figure({name: scores}),
        patches="",
    )


def _sequence(name: str) -> MrSequence:
    return MrSequence(name) if name in MrSequence.__members__ else MrSequence.OTHER


def sequence_report(name: MrSequence, scores: Sequence[HeldOutScore], seed: int) -> SequenceReport:
    """Return the report of one sequence from its out-of-fold scores."""
    by_fold: dict[int, list[HeldOutScore]] = {}
    for score in scores:
        by_fold.setdefault(score.fold, []).append(score)
    folds = tuple(measure(own) for _, own in sorted(by_fold.items()))
    return SequenceReport(SequenceResult(name, assess(scores, seed)), folds)
