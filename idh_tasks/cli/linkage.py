"""`idh linkage`: IDH status of reports in a file, the flow of the cohort, affected models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.review import review
from idh_tasks.domain.pathology import CodePage, DateOrder
from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.domain.cohort import AffectedMember, Demographics, Step
    from idh_tasks.offline.linkage import Resolved
    from idh_tasks.pipelines.link.cohort import Flow

linkage = typer.Typer(no_args_is_help=True, help="IDH status, and the flow of patients into the cohort.")
linkage.add_typer(review, name="review")


@linkage.command("resolve")
def resolve(
    assays: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV: report_id, age or age_years, method, result; one row per assay."
        ),
    ],
    age_rule: Annotated[
        bool,
        typer.Option("--age-rule", help="IHC-negative and unsequenced at 55 or older is wild-type, provisionally."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """State the IDH status of each report, with the rule and the evidence."""
    from idh_tasks.offline.linkage import resolve_file

    output.show_each(
        resolve_file(assays, age_rule=age_rule), as_json, _status, head=f"{'report':12}  {'status':13}  rule"
    )


def _status(report: "Resolved") -> str:
    return f"{report.report_id:12}  {report.status:13}  {report.rule}"


@linkage.command("read")
def read(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Feed files, as in the drop.")],
    issuer: Annotated[str, typer.Option("--issuer", help="Issuer of identifiers in files that state none.")] = "",
    authorities: Annotated[
        list[str] | None, typer.Option("--authority", help="Accepted authority of medical record numbers; repeatable.")
    ] = None,
    date_order: Annotated[
        DateOrder | None,
        typer.Option("--date-order", envvar="IDH_LINKAGE__DATE_ORDER", help="How tables write dates as 03/04/1958."),
    ] = None,
    encoding: Annotated[
        CodePage | None,
        typer.Option("--encoding", envvar="IDH_LINKAGE__ENCODING", help="Of tables that are not in UTF-8."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the reports, merges and refusals of feed files; nothing is stored. The output names patients."""
    from idh_tasks.linkage.feed.tables import TableRules
    from idh_tasks.offline.feed import Refusal, read_files

    entries = list(read_files(files, issuer, authorities or (), rules=TableRules(date_order, encoding)))
    output.show_each(entries, as_json, head="kind, file, and what it says")
    if not any(not isinstance(entry, Refusal) for entry in entries):
        raise typer.Exit(1)


@linkage.command("poll")
def poll(as_json: AsJson = False) -> None:
    """Fetch the reports that have changed from the laboratory's FHIR server into the drop bucket."""
    from idh_tasks.codes import Code
    from idh_tasks.errors import RunRefusedError
    from idh_tasks.pipelines.link.fhir_server import poll_laboratory

    polled = poll_laboratory(platform.open_platform(Role.LINK))
    if polled is None:
        raise RunRefusedError(Code.E_SETTINGS, "no FHIR server is set: IDH_FHIR__URL")
    output.show(polled, as_json, lambda done: f"{done.pages} pages, {done.new} new files")


@linkage.command("flow")
def flow(
    as_json: AsJson = False,
    figure: Annotated[Path | None, typer.Option("--figure", help="Draw it as SVG into this file.")] = None,
) -> None:
    """Show who is in the cohort, who is not and why, the patients per sequence, age and sex."""
    from idh_tasks.pipelines.link import cohort

    counted = cohort.flow(platform.open_platform(Role.MONITOR))
    if figure is not None:
        from idh_tasks.reporting.flow_figure import flow_figure

        figure.write_text(flow_figure(counted.steps, counted.sequences))
    output.show(counted, as_json, _flow)


def _flow(flow: "Flow") -> str:
    lines = [_step(step) for step in flow.steps]
    lines.append(f"{flow.steps[-1].after:5}  included")
    lines += [f"{patients:5}  {name} ({mutants} mutant)" for name, (patients, mutants) in flow.sequences.items()]
    return "\n".join([*lines, *map(_group, flow.demographics)])


def _step(step: "Step") -> str:
    reasons = ", ".join(f"{count} {code}" for code, count in step.excluded.items())
    return f"{step.before:5}  {step.stage:18} {f'− {reasons}' if reasons else ''}"


def _group(group: "Demographics") -> str:
    ages = f", mean age {group.mean_age:.0f} ({group.youngest:.0f}–{group.oldest:.0f})" if group.mean_age else ""
    return f"{group.patients:5}  {group.idh_status}: {group.men} men, {group.women} women{ages}"


@linkage.command("affected")
def affected(
    report_id: Annotated[str, typer.Argument(help="The laboratory's id of a report, or the platform's key.")],
    as_json: AsJson = False,
) -> None:
    """List the datasets, models and predictions that used a report, and whether its label has changed since."""
    from idh_tasks.pipelines.link import cohort

    output.show_each(
        cohort.affected(platform.open_platform(Role.LINK), report_id),
        as_json,
        _use,
        head="sequence, dataset, model, predictions, label",
    )


def _use(use: "AffectedMember") -> str:
    label = "mutant" if use.mutant else "wildtype"
    return (
        f"{use.sequence:7} dataset {use.dataset_id}  model {use.model_id or '–'} {use.state or ''}  "
        f"{use.predictions} predictions  {label} in version {use.report_version}, {use.code or 'unchanged'}"
    )
