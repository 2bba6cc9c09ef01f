"""`idh imaging`: the stages of preprocessing on a folder of DICOM or on NIfTI, at the desk."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

imaging = typer.Typer(no_args_is_help=True, help="ADC, rCBV, registration, brain, outline and patches, at the desk.")
Image = Annotated[Path, typer.Argument(exists=True, help="A folder of DICOM, or a NIfTI file with its sidecar.")]
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
    no_leakage: Annotated[bool, typer.Option("--no-leakage", help="Leave the curves as they are.")] = False,
    k2: Annotated[Path | None, typer.Option("--k2", help="Write the leakage map here.")] = None,
) -> None:
    """Compute rCBV, 1 being the median of non-enhancing brain, corrected for leakage."""
    from idh_tasks.offline import imaging

    imaging.rcbv(dsc, out, k2, leakage=not no_leakage)


@imaging.command("register")
def register(
    fixed: Annotated[Path, typer.Option("--fixed", exists=True)],
    moving: Annotated[Path, typer.Option("--moving", exists=True)],
    out: Out,
    transform: Annotated[Path | None, typer.Option("--transform", help="Write the transform here (.tfm).")] = None,
) -> None:
    """Register rigidly by mutual information; tells how well the heads overlap (Dice) and what they share (nats)."""
    from idh_tasks.offline import imaging

    found = imaging.register(fixed, moving, out, transform)
    sys.stdout.write(f"overlap: {found.overlap:.3f}\ninformation: {found.information:.3f}\n")
    sys.stdout.write(f"verdict: {imaging.usability(found)}\n")


@imaging.command("brain")
def brain(image: Image, out: Out) -> None:
    """Mark the brain on a native T1 or MPRAGE."""
    from idh_tasks.offline import imaging

    imaging.brain(image, out)


@imaging.command("roi")
def roi(
    t2: Annotated[Path, typer.Option("--t2", exists=True)],
    flair: Annotated[Path, typer.Option("--flair", exists=True)],
    out: Out,
    mprage: Annotated[Path | None, typer.Option("--mprage", exists=True)] = None,
) -> None:
    """Propose a whole-tumour outline on the grid of T2; a person must judge it."""
    from idh_tasks.offline import imaging

    sys.stdout.write(f"volume: {imaging.roi(t2, flair, mprage, out):.1f} ml, proposed; look at it before use\n")


@imaging.command("patches")
def patches(
    study_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The DICOM files of one study.")],
    out: Out,
    roi: Annotated[Path | None, typer.Option("--roi", exists=True, help="A NIfTI mask drawn on T2.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> None:
    """Cut the six patches of a study: SEQUENCE.npy, qc.png and provenance.json."""
    from idh_tasks.offline.patches import cut_study

    found = cut_study(study_dir, roi, out)
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    sys.stdout.write(f"patches: {', '.join(found.patches)}; outline {found.outline}\n")
    for sequence, reason in found.refused.items():
        sys.stdout.write(f"{sequence}: {reason}\n")
