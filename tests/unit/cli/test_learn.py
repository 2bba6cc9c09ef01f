"""`idh learn` on files: folds, metrics, a short training and its report."""

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from idh_tasks.cli.app import cli
from idh_tasks.errors import RunRefusedError


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["learn", *map(str, arguments)])


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    rows = [f"P-{n},{'mutant' if n < 17 else 'wildtype'}" for n in range(100)]
    path.write_text("\n".join(["patient,label", *rows]))
    return path


def test_the_papers_cohort_gives_three_or_four_mutants_per_fold_and_says_so(labels: Path) -> None:
    done = run("folds", labels, "--scheme", "stratified", "--json")
    folds = json.loads(done.stdout)["folds"]
    assert "3–4 mutants in a test set (17 mutants among 100 patients)" in done.stderr
    assert sorted(p for fold in folds for p in fold["test"]) == sorted(f"P-{n}" for n in range(100))
    assert [fold["repetition"] for fold in folds] == [0] * 5
    assert all(not set(fold["train"]) & set(fold["test"]) for fold in folds)


def test_t03_the_papers_minimum_of_mutants_is_refused_for_disjoint_folds_with_the_numbers(labels: Path) -> None:
    refused = run("folds", labels, "--scheme", "stratified", "--min-mutants", 5)
    assert isinstance(refused.exception, RunRefusedError)
    assert "5 × 5 = 25 mutants, there are 17; at most 3 per fold are possible" in str(refused.exception)


def test_random_splits_have_the_papers_minimum_of_mutants(labels: Path) -> None:
    folds = json.loads(run("folds", labels, "--scheme", "repeated", "--json").stdout)["folds"]
    assert [len(fold["test"]) for fold in folds] == [20] * 5
    assert min(sum(int(p[2:]) < 17 for p in fold["test"]) for fold in folds) >= 5


@pytest.mark.parametrize(
    ("text", "code"),
    [("patient\na", "E_SCHEMA"), ("patient,label\na,perhaps", "E_SCHEMA"), ("patient,label\na,1\na,0", "E_LEAKAGE")],
)
def test_invalid_labels_are_refused_with_a_code(text: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(text)
    refused = run("folds", tmp_path / "bad.csv").exception
    assert isinstance(refused, RunRefusedError)
    assert refused.code == code


def test_metrics_have_flat_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    with (tmp_path / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("patient", "label", "probability_mutant"))
        writer.writerows(
            (n, int(n < 30), round(float(rng.beta(3, 2) if n < 30 else rng.beta(2, 3)), 4)) for n in range(100)
        )
    metrics = json.loads(run("metrics", tmp_path / "scores.csv", "--json").stdout)
    names = "n mutants accuracy loss sensitivity specificity auc auc_low auc_high brier ece"
    assert set(names.split()) <= set(metrics)
    assert metrics["auc_low"] < metrics["auc"] < metrics["auc_high"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, in_one_process: None) -> Path:
    """Return the folder of a short training on patches that are brighter for mutants."""
    root = tmp_path_factory.mktemp("learn")
    rng, y = np.random.default_rng(1), (np.arange(24) % 3 == 0).astype(int)
    x = rng.standard_normal((24, 64, 64)) + 1.5 * y[:, None, None]
    np.savez(root / "data.npz", x=x.astype(np.float32), y=y, patient=np.array([f"p{n}" for n in range(24)]))
    options = ("--epochs", 20, "--learning-rate", 0.003, "--folds", 2, "--repetitions", 2, "--sequence", "RCBV")
    done = run("train", root / "data.npz", "-o", root / "run", *options, "--json")
    assert "5 networks of 20 epochs" in done.stderr
    assert "trained in " in done.stderr
    assert json.loads(done.stdout)["auc"] > 0.8
    return root / "run"


def test_one_image_under_two_names_in_a_file_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    x = np.random.default_rng(1).standard_normal((24, 64, 64)).astype(np.float32)
    x[7] = 1.2 * x[4]
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(24) % 3 == 0, patient=np.array([f"p{n}" for n in range(24)]))
    refused = run("train", tmp_path / "data.npz", "-o", tmp_path / "run", "--folds", 2).exception
    assert isinstance(refused, RunRefusedError)
    assert str(refused).startswith("E_LEAKAGE: 2 patients have the same image")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["plan.json"]


def test_a_training_writes_scores_metrics_model_and_device(finished: Path) -> None:
    finished_run = json.loads((finished / "run.json").read_text())
    assert len(finished_run["folds"]) == 4
    assert finished_run["device"] == "CPU"
    assert (finished / "model.keras").stat().st_size > 100_000
    assert len((finished / "scores.csv").read_text().splitlines()) == 49


def test_a_training_writes_both_losses_the_parameters_and_the_calibration(finished: Path) -> None:
    written = json.loads((finished / "run.json").read_text())
    lengths = [[len(curve) for curve in written[name]] for name in ("training_curves", "curves")]
    assert lengths == [[20] * 4] * 2
    assert all(curve[-1][1] < curve[0][1] for curve in written["training_curves"])
    convolutions = sum(9 * a * b + b + 4 * b for a, b in pairwise((1, 8, 16, 32, 64)))
    dense = sum(a * b + b for a, b in pairwise((4 * 4 * 64, 32, 16, 2)))
    assert written["parameters"] == convolutions + dense
    assert written["prevalence"] == written["calibration"]["prevalence"] == pytest.approx(1 / 3)
    assert written["metrics"]["log_loss"] < written["metrics"]["constant_log_loss"]


def test_the_report_shows_the_papers_row_and_needs_no_other_file(finished: Path, tmp_path: Path) -> None:
    assert run("report", finished, "-o", tmp_path / "report.html").exit_code == 0
    html = (tmp_path / "report.html").read_text()
    assert "0.86 ± 0.05" in html
    assert "<td>rCBV</td>" in html
    assert html.count("<svg") == 4
    assert "not for diagnosis" in html
    assert "src=" not in html


def test_a_run_with_other_settings_in_the_same_folder_is_refused(finished: Path) -> None:
    refused = run("train", finished.parent / "data.npz", "-o", finished, "--epochs", 3).exception
    assert isinstance(refused, RunRefusedError)
    assert refused.code == "E_STALE"
