"""`idh learn`: folds, training, metrics and reports at the desk; champions of the platform."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from idh_tasks.domain.learning import Scheme, Selection
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence

learn = typer.Typer(no_args_is_help=True, help="Folds, training, metrics, reports; champions and how to go back.")
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]
SchemeOption = Annotated[Scheme, typer.Option("--scheme", help="Disjoint folds, or the paper's random 80:20 splits.")]
Floor = Annotated[
    int | None, typer.Option("--min-mutants", min=0, help="Mutants that every test set must hold (repeated: 5).")
]
Folds = Annotated[int, typer.Option("--folds", min=2, help="How many.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same folds.")]


@learn.command("folds")
def folds(
    labels: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: patient, label.")],
    scheme: SchemeOption = Scheme.STRATIFIED,
    min_mutants: Floor = None,
    count: Folds = 5,
    seed: Seed = 20200,
    as_json: AsJson = False,
) -> None:
    """Split patients into folds, or say with the numbers why it cannot be done."""
    from idh_tasks.offline import learning

    found = learning.split(labels, scheme, count, min_mutants, seed)
    low, high = min(found.mutants), max(found.mutants)
    said = f"{scheme}: {low}–{high}" if low < high else f"{scheme}: {low}"
    sys.stderr.write(f"{said} mutants in a test set ({found.all_mutants} mutants among {found.patients} patients)\n")
    if as_json:
        sys.stdout.write(json.dumps(learning.as_json(found)) + "\n")
        return
    for fold, mutants in zip(found.folds, found.mutants, strict=True):
        sys.stdout.write(f"fold {fold.number}: train {len(fold.train)}, test {len(fold.test)} ({mutants} mutant)\n")


@learn.command("train")
def train(
    data: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=".npz: x [n,64,64], y {0,1}, patient.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the run; a killed run goes on there.")],
    epochs: Annotated[int, typer.Option(min=1)] = 500,
    batch_size: Annotated[int, typer.Option(min=1)] = 16,
    learning_rate: Annotated[float, typer.Option(min=0)] = 1e-4,
    select: Annotated[Selection, typer.Option(help="Last weights, or early stopping.")] = Selection.LAST,
    scheme: SchemeOption = Scheme.STRATIFIED,
    min_mutants: Floor = None,
    count: Folds = 5,
    seed: Seed = 20200,
    sequence: Annotated[str, typer.Option(help="What the patches show, such as RCBV: the paper's row beside it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Cross-validate the paper's network, then train it on everybody; scores, metrics and model go to the folder."""
    from idh_tasks.offline import learning
    from idh_tasks.settings import LearningSettings

    settings = LearningSettings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        select=select,
        scheme=scheme,
        min_mutants=min_mutants,
        folds=count,
        seed=seed,
    )
    _told(learning.train(data, out, settings, sequence), as_json)


@learn.command("metrics")
def metrics(
    scores: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: patient, label, probability_mutant[, fold].")
    ],
    seed: Seed = 20200,
    as_json: AsJson = False,
) -> None:
    """Compute the paper's columns, intervals over patients, and calibration."""
    from idh_tasks.offline import learning, learning_files

    _told(learning.measured(learning_files.read_scores(scores), seed), as_json)


def _told(numbers: dict[str, float], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(numbers) + "\n")
        return
    for name, value in numbers.items():
        sys.stdout.write(f"{name}: {value:.4g}\n")


@learn.command("report")
def report(
    run_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="What `idh learn train` has written.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The HTML file.")],
) -> None:
    """Write the report of a run: Table 1 beside the paper's, ROC, box plots, learning curves, calibration."""
    from idh_tasks.offline import learning

    out.write_text(learning.report(run_dir))


@learn.command("champion")
def champion(as_json: AsJson = False) -> None:
    """Tell the present champion of each sequence."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.train import promotion

    for model in map(vars, promotion.champions(open_platform())):
        line = json.dumps(model) if as_json else f"{model['sequence']}  {model['model_id']}  run {model['run_id']}"
        sys.stdout.write(f"{line}\n")


@learn.command("history")
def history(sequence: Annotated[MrSequence | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Tell every promotion, refusal and roll-back, the latest first."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.train import promotion

    for row in map(vars, promotion.history(open_platform(), sequence)):
        at = f"{row['occurred_at']:%Y-%m-%d %H:%M}"
        text = f"{at}  {row['sequence']}  {row['model_id']}  {row['action']} by {row['actor']}; now {row['state']}"
        sys.stdout.write((json.dumps(row, default=str) if as_json else text) + "\n")


@learn.command("rollback")
def rollback(
    sequence: Annotated[MrSequence, typer.Argument(help=f"One of {', '.join(MODEL_SEQUENCES)}.")],
    actor: Annotated[str, typer.Option("--by", help="Who decides it; goes into the audit log.")] = "operator",
) -> None:
    """Make the champion before the present one champion again."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.train import promotion

    sys.stdout.write(f"{sequence}: {promotion.rollback(open_platform(), sequence, actor)} is champion again\n")
