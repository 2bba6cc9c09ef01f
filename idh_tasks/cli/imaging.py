"""`idh imaging`: the stages of preprocessing on DICOM folders or NIfTI files, without a database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output
from idh_tasks.cli.output import AsJson
from idh_tasks.errors import IdhError

if TYPE_CHECKING:
    from idh_tasks.offline.imaging import FoundBrain
    from idh_tasks.offline.patches import CutStudy

imaging = typer.Typer(no_args_is_help=True, help="Compute ADC, rCBV, registration, brain, outline and patches.")

Image = Annotated[Path, typer.Argument(exists=True, help="A folder of DICOM files, or a NIfTI file with its sidecar.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Where to write.")]


@imaging.command("adc")
def adc(dwi: Image, out: Out) -> None:
    """Fit the ADC in 10⁻⁶ mm²/s from two or more b-values."""
    from idh_tasks.offline import imaging

    imaging.adc(dwi, out)


@imaging.command("rcbv")
def rcbv(
    dsc: Image,
    out: Out,
    no_leakage: Annotated[bool, typer.Option("--no-leakage", help="Do not correct for leakage.")] = False,
    k2: Annotated[Path | None, typer.Option("--k2", help="Write the leakage map here.")] = None,
) -> None:
    """Compute leakage-corrected rCBV, relative to the median of non-enhancing brain."""
    from idh_tasks.offline import imaging

    imaging.rcbv(dsc, out, k2, leakage=not no_leakage)


@imaging.command("register")
def register(
    fixed: Annotated[Path, typer.Option("--fixed", exists=True, help="The image that stays where it is.")],
    moving: Annotated[Path, typer.Option("--moving", exists=True, help="The image to be moved.")],
    out: Out,
    transform: Annotated[Path | None, typer.Option("--transform", help="Write the transform here (.tfm).")] = None,
) -> None:
    """Register rigidly by mutual information; print the figures of the registration and the verdict."""
    from idh_tasks.offline import imaging

    result = imaging.register(fixed, moving, out, transform)
    for name, value in result.figures().items():
        output.say(f"{name}: {value:.3f}")
    output.say(f"verdict: {imaging.usability(result)}")


@imaging.command("brain")
def brain(image: Image, out: Out, as_json: AsJson = False) -> None:
    """Mark the brain on a T1 or MPRAGE; print which method found it, and figures of its shape."""
    from idh_tasks.offline import imaging

    output.show(imaging.brain(image, out), as_json, _brain)


@imaging.command("roi")
def roi(
    t2: Annotated[Path, typer.Option("--t2", exists=True, help="The T2, whose grid the outline has.")],
    flair: Annotated[Path, typer.Option("--flair", exists=True, help="The FLAIR.")],
    out: Out,
    mprage: Annotated[Path | None, typer.Option("--mprage", exists=True, help="The MPRAGE, if there is one.")] = None,
) -> None:
    """Propose a whole-tumour outline on the grid of T2, for a person to review."""
    from idh_tasks.offline import imaging

    output.say(f"volume: {imaging.roi(t2, flair, mprage, out):.1f} ml, proposed; look at it before use")


@imaging.command("outline")
def outline(
    t2_dir: Annotated[Path, typer.Argument(exists=True, help="The DICOM files of the T2, or a NIfTI file.")],
    outline: Annotated[
        Path, typer.Argument(exists=True, help="A DICOM SEG, RTSTRUCT or NIfTI mask, or the folder that holds it.")
    ],
    out: Out,
    as_json: AsJson = False,
) -> None:
    """Bring a delivered outline onto the grid of the T2, or say why it cannot be used."""
    from idh_tasks.offline.outline import OutlineOnT2, outline_on_t2

    try:
        placed = outline_on_t2(t2_dir, outline, out)
    except IdhError as error:
        if not as_json:
            raise
        output.show(OutlineOnT2(code=error.code, reason=error.reason), as_json)
        raise typer.Exit(1) from None
    output.show(placed, as_json, lambda it: f"{it.kind}: {it.voxels} voxels, {it.volume_ml} ml")


@imaging.command("patches")
def patches(
    study_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The DICOM files of one study.")],
    out: Out,
    roi: Annotated[Path | None, typer.Option("--roi", exists=True, help="A NIfTI mask drawn on T2.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cut the six patches of a study: SEQUENCE.npy, qc.png and provenance.json."""
    from idh_tasks.offline.patches import cut_study

    output.show(cut_study(study_dir, roi, out), as_json, _patches)


def _brain(found: "FoundBrain") -> str:
    figures = (f"{name}: {value:g}" for name, value in found.figures.items())
    return "\n".join([f"extractor: {found.extractor}", *figures, *(f"note: {flag}" for flag in found.flags)])


def _patches(cut: "CutStudy") -> str:
    lines = [f"patches: {', '.join(cut.patches)}; outline {cut.outline}"]
    return "\n".join([*lines, *(f"{sequence}: {reason}" for sequence, reason in cut.refused.items())])
