"""`idh linkage`: IDH status of reports in a file, the flow of the cohort, open questions, affected models."""

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
    from idh_tasks.offline.linkage import resolve_file

    for found in resolve_file(assays, age_rule=age_rule):
        text = json.dumps(asdict(found)) if as_json else f"{found.report_id}  {found.status}  {found.rule}"
        sys.stdout.write(f"{text}\n")


@linkage.command("flow")
def flow(
    as_json: AsJson = False,
    figure: Annotated[Path | None, typer.Option("--figure", help="Draw it as SVG into this file.")] = None,
) -> None:
    """Show who is in the cohort, who is not and why, what each sequence has, age and sex."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.link import cohort

    found = cohort.flow(open_platform())
    if figure is not None:
        from idh_tasks.reporting.flow_figure import flow_figure

        figure.write_text(flow_figure(found.steps, found.sequences))
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    for step in found.steps:
        reasons = ", ".join(f"{count} {code}" for code, count in step.excluded.items())
        sys.stdout.write(f"{step.before:5}  {step.stage:18} {f'− {reasons}' if reasons else ''}\n")
    sys.stdout.write(f"{found.steps[-1].after:5}  included\n")
    for sequence, (patients, mutants) in found.sequences.items():
        sys.stdout.write(f"{patients:5}  {sequence} ({mutants} mutant)\n")
    for group in found.demographics:
        ages = f", mean age {group.mean_age:.0f} ({group.youngest:.0f}–{group.oldest:.0f})" if group.mean_age else ""
        sys.stdout.write(f"{group.patients:5}  {group.idh_status}: {group.men} men, {group.women} women{ages}\n")


@linkage.command("affected")
def affected(
    report_id: Annotated[str, typer.Argument(help="The laboratory's id of a report, or our key.")],
    as_json: AsJson = False,
) -> None:
    """List the datasets, models and predictions that used a report, and whether its label has changed since."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.link import cohort

    for found in cohort.affected(open_platform(), report_id):
        label = "mutant" if found.mutant else "wildtype"
        text = (
            f"{found.sequence:7} dataset {found.dataset_id}  model {found.model_id or '–'} {found.state or ''}  "
            f"{found.predictions} predictions  {label} in version {found.report_version}, {found.code or 'unchanged'}"
        )
        sys.stdout.write((json.dumps(asdict(found)) if as_json else text) + "\n")


review = typer.Typer(no_args_is_help=True, help="Questions that wait for a person in the Airflow UI.")
linkage.add_typer(review, name="review")


@review.command("list")
def review_list(
    everything: Annotated[bool, typer.Option("--all", help="Answered and settled ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open questions."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.review.questions import list_reviews

    for found in list_reviews(open_platform(), everything=everything):
        state = found.answer or ("settled" if found.moot else "open")
        text = f"{found.review_id}  {found.kind:18} {found.subject}  {state}"
        sys.stdout.write((json.dumps(asdict(found), default=str) if as_json else text) + "\n")


@review.command("show")
def review_show(review_id: str, as_json: AsJson = False) -> None:
    """Show one question as it is put to a person, with its answer if there is one."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.linkage.questions import body, title
    from idh_tasks.pipelines.review.questions import list_reviews

    for found in list_reviews(open_platform(), review_id):
        if as_json:
            sys.stdout.write(json.dumps(asdict(found), default=str) + "\n")
            continue
        sys.stdout.write(f"{title(found.kind, found.subject)}\n\n{body(found.kind, found.subject, found.detail)}\n\n")
        sys.stdout.write(f"options: {', '.join(found.options)}\n")
        if found.answer:
            sys.stdout.write(f"answered: {found.answer}, by {found.answered_by} at {found.answered_at}\n")
