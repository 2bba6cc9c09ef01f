"""The demo: a cohort is delivered, Airflow runs the night, and the terminal shows the results."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from idh_tasks.local.client import AirflowClient
from idh_tasks.local.delivery import deliver, study_folders
from idh_tasks.local.installation import Installation
from idh_tasks.local.night import run_night
from idh_tasks.local.progress import Stage, shown
from idh_tasks.local.results import print_results
from idh_tasks.local.up import hospital, laboratory, up
from idh_tasks.phantom.cohort import CohortPlan, plan_patients, write_cohort
from idh_tasks.pipelines.operate.summary import Summary, progress, summarise

PATIENTS = "synthetic patients"
OF_A_PHANTOM = {
    "IDH_LEARNING__PROMOTION_FLOOR": "0",
    "IDH_LEARNING__BASELINE_MARGIN": "1",
    "IDH_LEARNING__REPETITIONS": "1",
}
"""A few phantoms are no evidence for any network, and the demo shows predictions; every judgement says so."""


@dataclass(frozen=True)
class DemoPlan:
    """What the demo runs on: the user's own cohort, or a phantom of this size."""

    cohort: Path | None
    patients: int
    mutants: int
    epochs: int
    seed: int = 7

    def kind(self) -> str:
        """Return what the data are: as the cohort's truth.json says, or else clinical."""
        if self.cohort is None:
            return "synthetic"
        truth = self.cohort / "truth.json"
        return str(json.loads(truth.read_text())["kind"]) if truth.exists() else "clinical"

    def check(self) -> None:
        """Refuse what would fail after the services have started.

        Raises
        ------
        RunRefusedError
            ``E_NO_INPUT`` if the folder is no cohort, ``E_ARGUMENT`` if the numbers of the phantom are impossible.
        """
        if self.cohort is not None:
            study_folders(self.cohort)
        else:
            plan_patients(CohortPlan(self.patients, self.mutants, self.seed))

    def options(self) -> dict[str, str]:
        """Return the settings of the demo."""
        # The demo is unattended, so nobody can approve a challenger.
        options = {"IDH_LEARNING__EPOCHS": str(self.epochs), "IDH_DATA_KIND": self.kind(), "IDH_APPROVAL": "auto"}
        return options | (OF_A_PHANTOM if self.cohort is None else {})


def run_demo(installation: Installation, plan: DemoPlan, console: Console) -> Summary:
    """Run the demo end to end and print the results.

    Raises
    ------
    RunRefusedError
        ``E_DEMO`` if a DAG run failed.
    """
    plan.check()
    console.rule("services")
    installation.choose_options(plan.options())
    platform = up(installation, console.print)
    console.rule("cohort")
    cohort = plan.cohort or _phantom(installation, plan, console)
    to_bucket, to_pacs = deliver(platform, hospital(installation), laboratory(installation), cohort)
    console.print(f"delivered: {to_bucket} studies to the bucket, {to_pacs} to the PACS, pathology to the laboratory")
    console.rule("night")
    before = progress(platform)
    run_night(AirflowClient(installation), platform, len(study_folders(cohort)), console)
    summary = summarise(platform)
    console.rule("what happened")
    if progress(platform) == before:
        console.print("[bold]Nothing was new: nothing was ingested, trained or predicted again.[/]")
    print_results(installation, platform, summary, console)
    return summary


def _phantom(installation: Installation, plan: DemoPlan, console: Console) -> Path:
    out = installation.folder("demo") / f"phantom-{plan.patients}-{plan.mutants}-{plan.seed}"
    if not (out / "truth.json").exists():
        with shown(console, [Stage(PATIENTS, plan.patients, 10)], {PATIENTS: 0}) as show:
            for done in write_cohort(out, CohortPlan(plan.patients, plan.mutants, plan.seed)):
                show({PATIENTS: done})
    return out
