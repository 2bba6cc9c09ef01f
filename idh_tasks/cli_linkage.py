"""`idh linkage`: IDH status of reports in a file, and the flow of the cohort."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

linkage = typer.Typer(no_args_is_help=True, help="IDH status, and the flow of patients into the cohort.")
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]


@linkage.command("resolve")
def resolve(
    assays: Annotated[Path, typer.Argument(exists=True, help="CSV: report_id, age, method, result; a row an assay.")],
    age_rule: Annotated[
        bool,
        typer.Option("--age-rule", help="IHC-negative and unsequenced at 55 or older is wild-type, provisionally."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the IDH status of each report, the rule that gave it and the evidence."""
    from idh_tasks.pipelines.cohort import resolve_file

    for found in resolve_file(assays, age_rule=age_rule):
        text = json.dumps(asdict(found)) if as_json else f"{found.report_id}  {found.status}  {found.rule}"
        sys.stdout.write(f"{text}\n")


@linkage.command("flow")
def flow(as_json: AsJson = False) -> None:
    """Show who is in the cohort, who is not and why, and what each sequence has."""
    from idh_tasks.local.up import open_platform
    from idh_tasks.pipelines import cohort

    found = cohort.flow(open_platform())
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    for step in found.steps:
        reasons = ", ".join(f"{count} {code}" for code, count in step.excluded.items())
        sys.stdout.write(f"{step.before:5}  {step.stage:18} {f'− {reasons}' if reasons else ''}\n")
    sys.stdout.write(f"{found.steps[-1].after:5}  included\n")
    for sequence, (patients, mutants) in found.sequences.items():
        sys.stdout.write(f"{patients:5}  {sequence} ({mutants} mutant)\n")
