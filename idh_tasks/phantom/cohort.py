"""Writes a synthetic cohort: study folders with ROIs, pathology.csv, and the ground truth."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.errors import RunRefusedError
from idh_tasks.phantom.pathology import COLUMNS, assay_rows
from idh_tasks.phantom.patient import PatientPlan, write_patient

PATIENTS_PER_DEFECT = 8
"""One patient in eight has a defect, each a different one, until every defect has been planted."""


class Defect(StrEnum):
    """A defect that is planted in a study on purpose."""

    MISSING_SEQUENCE = "missing_sequence"
    POST_OPERATIVE = "post_operative"
    CORRUPT_FILE = "corrupt_file"
    NO_PATHOLOGY = "no_pathology"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True)
class CohortPlan:
    """Size and seed of a cohort; `from_nifti` is a folder of real anatomy, `motion_*` bound the displacement."""

    patients: int
    mutants: int
    seed: int
    from_nifti: Path | None = None
    motion_mm: float = 4.0
    motion_degrees: float = 3.0


def plan_patients(plan: CohortPlan) -> list[PatientPlan]:
    """Give every patient a number and a true status, and plant defects in a few IDH wild-type patients."""
    if not 0 <= plan.mutants <= plan.patients:
        raise RunRefusedError(Code.E_ARGUMENT, "the number of mutants must lie between 0 and the number of patients")
    rng = np.random.default_rng(plan.seed)
    mutant = set(rng.permutation(plan.patients)[: plan.mutants].tolist())
    wildtype = [number for number in range(plan.patients) if number not in mutant]
    defects = dict(zip(wildtype, list(Defect)[: plan.patients // PATIENTS_PER_DEFECT], strict=False))
    return [
        PatientPlan(
            number=number,
            seed=plan.seed,
            status=IdhStatus.MUTANT if number in mutant else IdhStatus.WILDTYPE,
            defect=defects.get(number),
            from_nifti=plan.from_nifti,
            motion_mm=plan.motion_mm,
            motion_degrees=plan.motion_degrees,
        )
        for number in range(plan.patients)
    ]


def write_cohort(out: Path, plan: CohortPlan, jobs: int = 2) -> Iterator[int]:
    """Write the cohort; yield the number of patients written so far.

    Layout: ``studies/NNN/*.dcm`` (some with ``roi.nii.gz``), ``pathology.csv``, ``truth.json``, and tissue labels in
    ``truth/NNN_labels.nii.gz``.
    """
    plans = plan_patients(plan)
    (out / "studies").mkdir(parents=True, exist_ok=True)
    work = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(write_patient)(out / "studies", patient) for patient in plans
    )
    truths = []
    for done, truth in enumerate(work, start=1):
        truths.append(truth)
        yield done
    _write_pathology(out / "pathology.csv", plans)
    kind = "semi-synthetic" if plan.from_nifti else "synthetic"
    record = {"kind": kind, "seed": plan.seed, "patients": [asdict(truth) for truth in truths]}
    (out / "truth.json").write_text(json.dumps(record, indent=1))


def _write_pathology(path: Path, plans: list[PatientPlan]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for plan in plans:
            if plan.defect != Defect.NO_PATHOLOGY:
                writer.writerows(assay_rows(plan))
