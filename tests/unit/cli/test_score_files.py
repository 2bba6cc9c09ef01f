"""`idh learn metrics` reads a file of scores in one way only, or refuses it by a code that names no patient."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from idh_tasks.cli.app import cli
from idh_tasks.domain.learning import Scheme
from idh_tasks.errors import RunRefusedError
from idh_tasks.offline.learning_files import read_labels, read_scores, write_scores
from tests.simulated_scores import Setting, cohorts

HEADER = ["patient", "label", "probability_mutant"]
WITH_FOLD, NO_FOLDS = [*HEADER, "fold"], ["", "-1", "1.5", "first"]
Rows = list[list[str]]


def cohort(seed: int) -> Rows:
    """Return the rows of a cohort of random size whose ids nobody else has."""
    rng = np.random.default_rng(seed)
    mutants, wildtypes = rng.integers(3, 12), rng.integers(12, 40)
    labels = [1] * mutants + [0] * wildtypes
    values = rng.beta(2 + np.array(labels), 3 - np.array(labels)).round(3)
    return [[f"Zq{n:03d}", str(label), str(value)] for n, (label, value) in enumerate(zip(labels, values, strict=True))]


def text(rows: Rows, separator: str = ",", header: list[str] | None = None) -> str:
    return "\n".join(separator.join(row) for row in [header or HEADER, *rows]) + "\n"


def metrics(path: Path, content: str | bytes) -> Result:
    path = path / "scores.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CliRunner().invoke(cli, ["learn", "metrics", str(path), "--json"])


def numbers(result: Result) -> dict[str, Any]:
    """Return the output, which is valid JSON: NaN and infinity are not."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert result.exception is None, result.exception
    read: dict[str, Any] = json.loads(result.stdout, parse_constant=refuse)
    return read


def changed(rows: Rows, rng: np.random.Generator, column: int, value: str) -> Rows:
    """Return the rows with another value in one of them."""
    place = int(rng.integers(len(rows)))
    return [[*row[:column], value, *row[column + 1 :]] if n == place else row for n, row in enumerate(rows)]


BOUNDS = ("auc_low", "auc_high", "auc_delong_low", "auc_delong_high")

SAME: dict[str, Callable[[Rows], str | bytes]] = {
    "BOM": lambda rows: b"\xef\xbb\xbf" + text(rows).encode(),
    "semicolons": lambda rows: text(rows, ";"),
    "tabs": lambda rows: text(rows, "\t"),
    "semicolons and decimal commas": lambda rows: text([[p, y, v.replace(".", ",")] for p, y, v in rows], ";"),
    "quoted decimal commas": lambda rows: text([[p, y, f'"{v.replace(".", ",")}"'] for p, y, v in rows]),
    "a blank after each comma": lambda rows: text(rows, ", "),
    "lines of Windows": lambda rows: text(rows).replace("\n", "\r\n"),
    "blank lines": lambda rows: text(rows).replace("\n", "\n\n") + ",,\n",
    "names in capitals": lambda rows: text(rows, header=["Patient", "LABEL", "Probability_Mutant"]),
    "columns in another order": lambda rows: text([row[::-1] for row in rows], header=HEADER[::-1]),
    "another column": lambda rows: text([[*row, "x"] for row in rows], header=[*HEADER, "site"]),
    "words for labels": lambda rows: text([[p, "mutant" if y == "1" else "WT", v] for p, y, v in rows]),
    "rows in another order": lambda rows: text(rows[::-1]),
    "ids with a blank after them": lambda rows: text([[f"{p} ", y, v] for p, y, v in rows]),
    "every row twice": lambda rows: text([*rows, *rows]),
}


@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("seed", range(3))
def test_the_same_scores_in_another_form_have_the_same_metrics(kind: str, seed: int, tmp_path: Path) -> None:
    rows = cohort(seed)
    plain, other = numbers(metrics(tmp_path, text(rows))), numbers(metrics(tmp_path, SAME[kind](rows)))
    exact = [name for name in plain if not name.startswith("auc_") or "delong" in name]
    assert {name: other[name] for name in exact} == pytest.approx({name: plain[name] for name in exact}, abs=1e-12)
    assert other["auc_low"] == pytest.approx(plain["auc_low"], abs=0.05)
    assert other["n"] == len(rows)


def with_the_first(rows: Rows, label: str, others: str) -> Rows:
    """Return the rows with one label for the first and another for all others."""
    return [[patient, label if n == 0 else others, value] for n, (patient, _, value) in enumerate(rows)]


def in_folds(rows: Rows) -> Rows:
    return [[*row, str(n % 5)] for n, row in enumerate(rows)]


REFUSED: dict[str, tuple[str, Callable[[Rows, np.random.Generator], str | bytes]]] = {
    "no mutant": ("E_FOLD_DEGENERATE", lambda rows, _: text([[p, "0", v] for p, _, v in rows])),
    "no wild type": ("E_FOLD_DEGENERATE", lambda rows, _: text([[p, "1", v] for p, _, v in rows])),
    "one mutant": ("E_FOLD_DEGENERATE", lambda rows, _: text(with_the_first(rows, "1", "0"))),
    "one mutant twice": ("E_FOLD_DEGENERATE", lambda rows, _: text([rows[0], *with_the_first(rows, "1", "0")])),
    "one wild type": ("E_FOLD_DEGENERATE", lambda rows, _: text(with_the_first(rows, "0", "1"))),
    "both labels": ("E_LEAKAGE", lambda rows, _: text([*rows, [rows[0][0], "0", "0.4"]])),
    "a blank makes two spellings": ("E_SCHEMA", lambda rows, _: text([*rows, [rows[3][0] + " ", *rows[3][1:]]])),
    "case makes two spellings": ("E_SCHEMA", lambda rows, _: text([*rows, [rows[3][0].lower(), *rows[3][1:]]])),
    "a narrow blank": ("E_SCHEMA", lambda rows, _: text([*rows, ["\u200b" + rows[3][0], *rows[3][1:]]])),
    "a wide letter": ("E_SCHEMA", lambda rows, _: text([*rows, [rows[3][0].replace("Z", "Ｚ"), *rows[3][1:]]])),
    "zeros of a spreadsheet": (
        "E_SCHEMA",
        lambda rows, _: text([*rows, ["0017", "0", "0.2"], ["17.0", "0", "0.3"]]),
    ),
    "no id": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 0, rng.choice([" ", "nan", "NULL"])))),
    "an unknown label": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 1, "unclear"))),
    "no label": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 1, ""))),
    "no probability": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, ""))),
    "NaN": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, rng.choice(["nan", "NaN", "NA", "null"])))),
    "infinity": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, rng.choice(["inf", "-inf", "Infinity"])))),
    "above 1": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, str(1 + rng.uniform(1e-6, 100))))),
    "below 0": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, str(-rng.uniform(1e-6, 1))))),
    "percent": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, "13%"))),
    "digits that Python alone reads": ("E_SCHEMA", lambda rows, rng: text(changed(rows, rng, 2, "0_1"))),
    "decimal commas without quotes": (
        "E_SCHEMA",
        lambda rows, _: text([[p, y, v.replace(".", ",")] for p, y, v in rows]),
    ),
    "a short row": ("E_SCHEMA", lambda rows, _: text([*rows, ["Zq999", "1"]])),
    "a quote that is not closed": ("E_SCHEMA", lambda rows, _: text([*rows, ['"Zq999', "1", "0.5"]])),
    "a missing column": ("E_SCHEMA", lambda rows, _: text([row[:2] for row in rows], header=HEADER[:2])),
    "a doubled column": (
        "E_SCHEMA",
        lambda rows, _: text([[*row, "0.5"] for row in rows], header=[*HEADER, HEADER[2]]),
    ),
    "no header": ("E_SCHEMA", lambda rows, _: text(rows[1:], header=rows[0])),
    "no row": ("E_SCHEMA", lambda _rows, _: text([])),
    "nothing": ("E_SCHEMA", lambda _rows, _: ""),
    "UTF-16": ("E_SCHEMA", lambda rows, _: text(rows).encode("utf-16")),
    "Latin-1": ("E_SCHEMA", lambda rows, _: text([*rows, ["Zü1", "1", "0.5"]]).encode("latin-1")),
    "a fold that is none": (
        "E_SCHEMA",
        lambda rows, rng: text(changed(in_folds(rows), rng, 3, rng.choice(NO_FOLDS)), header=WITH_FOLD),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("seed", range(2))
def test_what_cannot_be_measured_is_refused_by_a_code_that_names_no_patient(
    kind: str, seed: int, tmp_path: Path
) -> None:
    code, spoil = REFUSED[kind]
    refused = metrics(tmp_path, spoil(cohort(seed), np.random.default_rng(seed))).exception
    assert isinstance(refused, RunRefusedError)
    assert refused.code == code
    assert "zq" not in str(refused).lower()


@pytest.mark.parametrize("value", ["0", "0.17", "0.5", "1"])
def test_constant_scores_have_an_auc_of_one_half_and_no_interval(value: str, tmp_path: Path) -> None:
    read = numbers(metrics(tmp_path, text([[p, y, value] for p, y, _ in cohort(1)])))
    assert read["auc"] == 0.5
    assert {name: read[name] for name in BOUNDS} == dict.fromkeys(BOUNDS)


def test_numbers_that_do_not_exist_are_null_under_the_same_names_and_no_line_of_the_text(tmp_path: Path) -> None:
    varied, constant = text(cohort(1)), text([[p, y, "0.17"] for p, y, _ in cohort(1)])
    assert list(numbers(metrics(tmp_path, constant))) == list(numbers(metrics(tmp_path, varied)))
    shown = CliRunner().invoke(cli, ["learn", "metrics", str(tmp_path / "scores.csv")]).stdout
    assert "auc_low: " in shown
    assert "None" not in shown


def test_rows_of_a_patient_are_counted_once_and_the_reader_is_told(tmp_path: Path) -> None:
    rows = cohort(2)
    told = metrics(tmp_path, text([*rows, *rows])).stderr
    assert f"{2 * len(rows)} scores of {len(rows)} patients" in told
    assert not metrics(tmp_path, text(rows)).stderr


def test_repetitions_survive_the_file_and_show_their_spread(tmp_path: Path) -> None:
    (own,) = cohorts(Setting(17, 83, 0.8, Scheme.STRATIFIED, 3), 1, seed=3)
    write_scores(tmp_path / "repeated.csv", own)
    assert read_scores(tmp_path / "repeated.csv") == own
    read = numbers(metrics(tmp_path, (tmp_path / "repeated.csv").read_bytes()))
    assert (read["n"], read["repetitions"]) == (100, 3)
    assert read["auc_lowest"] < read["auc"] < read["auc_highest"]


def test_labels_are_read_as_strictly(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("patient;label\nP0;1\np0;1\n")
    with pytest.raises(RunRefusedError, match="E_SCHEMA: line 3: the patient of line 2 is spelt in another way"):
        read_labels(tmp_path / "labels.csv")
