"""Delivers a cohort as a hospital would: ZIPs to the bucket, some studies to the PACS, rows to the laboratory."""

import csv
import zipfile
from io import BytesIO
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.db.engine import Database
from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.errors import InstanceRejectedError, RunRefusedError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.transport.send import send_study
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.keys import digest
from idh_tasks.store.objects import ObjectStore

TO_PACS_EVERY = 8
EMPTY_AS_NULL = ("surgery_date", "specimen_date", "age_years")


def _zipped(folder: Path) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(folder)))
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def study_folders(cohort: Path) -> list[Path]:
    """Return the study folders of a cohort.

    Raises
    ------
    RunRefusedError
        ``E_NO_INPUT`` if the folder is not laid out as a cohort.
    """
    folders = sorted(path for path in (cohort / "studies").glob("*") if path.is_dir())
    if not folders or not (cohort / "pathology.csv").exists():
        raise RunRefusedError(Code.E_NO_INPUT, "a cohort needs studies/NAME/*.dcm and pathology.csv")
    return folders


def _goes_to_pacs(number: int, folder: Path) -> bool:
    """Return whether a study goes to the PACS: one in eight, and none with loose masks or broken files."""
    if number % TO_PACS_EVERY != 0 or any(folder.glob("*.nii.gz")):
        return False
    try:
        for path in folder.rglob("*.dcm"):
            admit(path.read_bytes())
    except InstanceRejectedError:
        return False
    return True


def deliver(platform: Platform, hospital: ObjectStore, laboratory: Database, cohort: Path) -> tuple[int, int]:
    """Deliver every study once; return how many went to the bucket and to the PACS.

    Parameters
    ----------
    hospital
        The drop bucket, opened with the hospital's key: the platform itself may not write there.
    """
    folders = study_folders(cohort)
    delivered = {item.key for item in platform.drop.listed(platform.settings.store.drop_prefix)}
    pacs = platform.settings.pacs
    sent = [0, 0]
    for number, folder in enumerate(folders):
        if pacs is not None and _goes_to_pacs(number, folder):
            send_study(pacs, sorted(folder.rglob("*.dcm")))
            sent[1] += 1
            continue
        # The folder may be named after a patient, so only a hash of its name becomes a key.
        key = f"{platform.settings.store.drop_prefix}{digest(cohort.resolve().name, folder.name)}.zip"
        if key not in delivered:
            hospital.put(key, _zipped(folder))
        sent[0] += 1
    _deliver_pathology(laboratory, cohort / "pathology.csv")
    return sent[0], sent[1]


def _deliver_pathology(laboratory: Database, path: Path) -> None:
    with path.open(newline="") as file:
        rows = [{k: (v or None) if k in EMPTY_AS_NULL else v for k, v in row.items()} for row in csv.DictReader(file)]
    fill_stand_in(laboratory, rows)
