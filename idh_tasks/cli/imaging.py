"""`idh imaging`: the stages of preprocessing on DICOM folders or NIfTI files, without a database."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from idh_tasks.cli import output
from idh_tasks.cli.output import AsJson
from idh_tasks.errors import IdhError

if TYPE_CHECKING:
    from idh_tasks.offline.imaging import FoundBrain, Made, ProposedOutline
    from idh_tasks.offline.outline import OutlineOnT2
    from idh_tasks.offline.patches import CutStudy

T = TypeVar("T")

imaging = typer.Typer(no_args_is_help=True, help="Compute ADC, rCBV, registration, brain, outline and patches.")

Image = Annotated[Path, typer.Argument(exists=True, help="A folder of DICOM files, or a NIfTI file with its sidecar.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Where to write.")]


@imaging.command("adc")
def adc(dwi: Image, out: Out, as_json: AsJson = False) -> None:
    """Fit the ADC in 10⁻⁶ mm²/s from two or more b-values."""
    from idh_tasks.offline import imaging

    _tell(lambda: imaging.adc(dwi, out), as_json, _made)


@imaging.command("rcbv")
def rcbv(
    dsc: Image,
    out: Out,
    no_leakage: Annotated[bool, typer.Option("--no-leakage", help="Do not correct for leakage.")] = False,
    k2: Annotated[Path | None, typer.Option("--k2", help="Write the leakage map here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compute leakage-corrected rCBV, relative to the median of non-enhancing brain."""
    from idh_tasks.offline import imaging

    _tell(lambda: imaging.rcbv(dsc, out, k2, leakage=not no_leakage), as_json, _made)


@imaging.command("register")
def register(
    fixed: Annotated[Path, typer.Option("--fixed", exists=True, help="The image that stays where it is.")],
    moving: Annotated[Path, typer.Option("--moving", exists=True, help="The image to be moved.")],
    out: Out,
    transform: Annotated[Path | None, typer.Option("--transform", help="Write the transform here (.tfm).")] = None,
    as_json: AsJson = False,
) -> None:
    """Register rigidly by mutual information; print the figures of the registration and the verdict."""
    from idh_tasks.offline import imaging

    _tell(lambda: imaging.register(fixed, moving, out, transform), as_json, _registered)


@imaging.command("brain")
def brain(image: Image, out: Out, as_json: AsJson = False) -> None:
    """Mark the brain on a T1 or MPRAGE; print which method found it, and figures of its shape."""
    from idh_tasks.offline import imaging

    _tell(lambda: imaging.brain(image, out), as_json, _brain)


@imaging.command("roi")
def roi(
    t2: Annotated[Path, typer.Option("--t2", exists=True, help="The T2, whose grid the outline has.")],
    flair: Annotated[Path, typer.Option("--flair", exists=True, help="The FLAIR.")],
    out: Out,
    mprage: Annotated[Path | None, typer.Option("--mprage", exists=True, help="The MPRAGE, if there is one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose a whole-tumour outline on the grid of T2, for a person to review."""
    from idh_tasks.offline import imaging

    _tell(lambda: imaging.roi(t2, flair, mprage, out), as_json, _proposed)


@imaging.command("outline")
def outline(
    t2_dir: Annotated[Path, typer.Argument(exists=True, help="The DICOM files of the T2, or a NIfTI file.")],
    outline: Annotated[
        Path,
        typer.Argument(
            exists=True,
            help="A DICOM SEG, RTSTRUCT or NIfTI mask, or its folder (NIfTI: only roi.nii, roi.nii.gz).",
        ),
    ],
    out: Out,
    as_json: AsJson = False,
) -> None:
    """Bring a delivered outline onto the grid of the T2, or say why it cannot be used."""
    from idh_tasks.offline.outline import outline_on_t2

    _tell(lambda: outline_on_t2(t2_dir, outline, out), as_json, _placed)


@imaging.command("patches")
def patches(
    study_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The DICOM files of one study.")],
    out: Out,
    roi: Annotated[Path | None, typer.Option("--roi", exists=True, help="A NIfTI mask drawn on T2.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cut the six patches of a study: SEQUENCE.npy, qc.png and provenance.json."""
    from idh_tasks.offline.patches import cut_study

    _tell(lambda: cut_study(study_dir, roi, out), as_json, _patches)


def _brain(found: "FoundBrain") -> str:
    return f"extractor: {found.extractor}\n{_made(found)}"


def _patches(cut: "CutStudy") -> str:
    lines = [f"patches: {', '.join(cut.patches)}; outline {cut.outline}"]
    return "\n".join([*lines, *(f"{sequence}: {reason}" for sequence, reason in cut.refused.items())])


def _placed(placed: "OutlineOnT2") -> str:
    return f"{placed.kind}: {placed.voxels} voxels, {placed.volume_ml} ml"


def _tell(make: Callable[[], T], as_json: bool, as_text: Callable[[T], str]) -> None:
    """Print what was made; with JSON also why nothing was, which is otherwise the error message of every command."""
    try:
        made = make()
    except IdhError as error:
        if as_json:
            output.show({"code": error.code, "reason": error.reason}, as_json)
        raise
    output.show(made, as_json, as_text)


def _made(made: "Made") -> str:
    """Return a line per figure, and one with the flags."""
    lines = [f"{name}: {value:.4g}" for name, value in made.figures.items()]
    return "\n".join([*lines, *(f"note: {flag}" for flag in made.flags)])


def _registered(made: "Made") -> str:
    return f"{_made(made)}\nverdict: {f'{made.code}: {made.reason}' if made.code else 'good'}"


def _proposed(made: "ProposedOutline") -> str:
    doubts = "".join(f"doubt: {doubt}\n" for doubt in made.doubts)
    return f"{_made(made)}\n{doubts}proposed; look at it before use"
