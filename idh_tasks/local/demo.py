"""The demo: a cohort is delivered, Airflow runs the night, the terminal tells what happened."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import airflow
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.delivery import deliver, study_folders
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import wait_until
from idh_tasks.local.up import hospital, laboratory, up
from idh_tasks.phantom.cohort import CohortPlan, write_cohort
from idh_tasks.pipelines.operate.summary import Counts, Summary, progress, summarise
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.evaluate import sequence_reports
from idh_tasks.reporting.report import NOTICE, table_rows

DAGS = ["ingest_studies", "link_pathology", "predict_studies", "preprocess_studies", "retrain_models", "review_cases"]
QUIET_S = 8.0
LONGEST_S = 3 * 3600.0
STAGES = ("ingested", "linked", "preprocessed", "folds", "predictions")


@dataclass(frozen=True)
class DemoPlan:
    """What the demo is run on: a cohort of the user's, or a phantom of this size."""

    cohort: Path | None
    patients: int
    mutants: int
    epochs: int
    seed: int = 7

    def kind(self) -> str:
        """Return what the data are: as the cohort's truth.json says, else clinical."""
        if self.cohort is None:
            return "synthetic"
        truth = self.cohort / "truth.json"
        return str(json.loads(truth.read_text())["kind"]) if truth.exists() else "clinical"


def run_demo(installation: Installation, plan: DemoPlan, console: Console) -> Summary:
    """Run the main job end to end and print what happened.

    Raises
    ------
    RunRefusedError
        ``E_DEMO`` if a DAG run failed.
    """
    console.rule("services")
    # Nobody sits before a demo.
    chosen = {"IDH_LEARNING__EPOCHS": str(plan.epochs), "IDH_DATA_KIND": plan.kind(), "IDH_APPROVAL": "auto"}
    installation.choose_options(chosen)
    platform = up(installation, console.print)
    console.rule("cohort")
    cohort = plan.cohort or _phantom(installation, plan, console)
    bucket, pacs = deliver(platform, hospital(installation), laboratory(installation), cohort)
    console.print(f"delivered: {bucket} studies to the bucket, {pacs} to the PACS, pathology to the laboratory")
    console.rule("night")
    before = progress(platform)
    _night(AirflowClient(installation), platform, len(study_folders(cohort)), console)
    summary = summarise(platform)
    console.rule("what happened")
    if progress(platform) == before:
        console.print("[bold]Nothing was new: nothing was ingested, trained or predicted again.[/]")
    _tell(installation, platform, summary, console)
    return summary


def _phantom(installation: Installation, plan: DemoPlan, console: Console) -> Path:
    out = installation.folder("demo") / f"phantom-{plan.patients}-{plan.mutants}-{plan.seed}"
    if not (out / "truth.json").exists():
        with _bars(console) as bars:
            task = bars.add_task("synthetic patients", total=plan.patients)
            for done in write_cohort(out, CohortPlan(plan.patients, plan.mutants, plan.seed)):
                bars.update(task, completed=done)
    return out


def _bars(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    return Progress(*columns, TextColumn("{task.completed:.0f}"), TimeElapsedColumn(), console=console)


def _night(client: AirflowClient, platform: Platform, studies: int, console: Console) -> None:
    if not wait_until(lambda: client.dag_ids() == DAGS, 120, pause_s=1):
        raise RunRefusedError(Code.E_DEMO, "the DAGs were not parsed; see .idh/logs/dag-processor.log")
    earlier = {run["dag_run_id"] for run in client.runs()}
    client.trigger("ingest_studies")
    with _bars(console) as bars:
        totals = dict.fromkeys(STAGES, studies) | {"folds": 30, "predictions": 6 * studies}
        tasks = {name: bars.add_task(name, total=totals[name]) for name in STAGES}
        quiet_since, deadline = None, time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            counts = progress(platform)
            for name, task in tasks.items():
                bars.update(task, completed=counts[name])
            now = time.monotonic()
            quiet_since = (quiet_since or now) if client.idle() else None
            if quiet_since and now - quiet_since > QUIET_S:
                break
            time.sleep(1)
    tonight = [run for run in client.runs() if run["dag_run_id"] not in earlier]
    failed = sorted({run["dag_id"] for run in tonight if run["state"] == "failed"})
    if failed:
        raise RunRefusedError(Code.E_DEMO, f"runs failed: {', '.join(failed)}; look at the UI")


def _counts(title: str, counts: Counts) -> str:
    return f"{title}: " + (", ".join(f"{value} {name}" for name, value in counts.items()) or "none")


def _tell(installation: Installation, platform: Platform, summary: Summary, console: Console) -> None:
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


def _table(summary: Summary, kind: str) -> Table:
    table = Table(title=f"Table 1 on {kind} data, mean ± SD over folds; the paper's in grey")
    columns = ("sequence", "n", "accuracy", "loss", "sensitivity", "specificity", "auc")
    for column in (*columns, "out-of-fold AUC [95 %]"):
        table.add_column(column)
    for row in table_rows(sequence_reports(summary.results, summary.folds)):
        ours = [
            row[name] if name in ("sequence", "n") else f"{row[name]}\n[dim]{row[f'paper {name}']}[/]"
            for name in columns
        ]
        table.add_row(*ours, row["interval"].replace("[", "\\["))
    return table
