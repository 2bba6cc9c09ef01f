"""Prints the results of a night: counts by outcome, Table 1, and where to look."""

from rich.console import Console
from rich.table import Table

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.operate.summary import Counts, Summary
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.evaluate import sequence_reports
from idh_tasks.reporting.report import NOTICE, table_rows

PAPER = ("accuracy", "loss", "sensitivity", "specificity", "auc")
"""Columns that stand beside the paper's."""


def print_results(installation: Installation, platform: Platform, summary: Summary, console: Console) -> None:
    """Print the results, save the report below `.idh/reports/`, and say where Airflow is."""
    console.print(_counts("deliveries", summary.inbox))
    console.print(_counts("held back", summary.held_back))
    console.print(_counts("cases", summary.cases))
    if summary.run_id is None:
        console.print(f"no model was trained: {summary.not_trained}")
    else:
        console.print(_table(summary, platform.settings.data_kind))
    console.print(_counts("predictions of the champions", summary.predictions))
    if summary.report_key:
        path = installation.folder("reports") / f"{summary.run_id}.html"
        path.write_bytes(platform.store.get(summary.report_key))
        console.print(f"report: {path}")
    password = installation.secrets["admin_password"]
    console.print(f"Airflow: {airflow.base_url(installation)}  login {airflow.USER} / {password}")
    console.print(f"[italic]{NOTICE}[/]  `make down` stops everything.")


def _counts(title: str, counts: Counts) -> str:
    return f"{title}: " + (", ".join(f"{value} {name}" for name, value in counts.items()) or "none")


def _table(summary: Summary, kind: str) -> Table:
    table = Table(title=f"Table 1 on {kind} data, mean ± SD over folds; the paper's in grey")
    for column in ("sequence", "n", *PAPER, "out-of-fold AUC [95 %]"):
        table.add_column(column)
    for row in table_rows(sequence_reports(summary.results, summary.folds)):
        beside = [f"{row[name]}\n[dim]{row[f'paper {name}']}[/]" for name in PAPER]
        table.add_row(row["sequence"], row["n"], *beside, row["interval"].replace("[", "\\["))
    return table
