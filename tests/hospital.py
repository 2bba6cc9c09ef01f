"""A hospital that delivers studies to the bucket, and the outcomes of its deliveries."""

import tarfile
import zipfile
from io import BytesIO
from typing import Literal

from pydicom import Dataset
from pydicom.uid import UID

from idh_tasks.db import nights, quarantine, studies
from idh_tasks.pipelines.ingest.kept import read_manifest
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from tests.database import run_sql
from tests.factories import MARKER_ID, dicom_bytes, stack

SE_T1 = {"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "10", "SeriesDescription": "t1_se_tra"}


def with_instance_uid(ds: Dataset, uid: str) -> Dataset:
    """Set the instance UID in data set and file meta information, and return the data set."""
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    return ds


def study(uid: str = "1.2.3", patient: str = MARKER_ID, slices: int = 4) -> list[Dataset]:
    """Return a study of one T1 series."""
    positions = [5.0 * k for k in range(slices)]
    instances = stack(positions, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", PatientID=patient, **SE_T1)
    return [with_instance_uid(ds, f"{uid}.1.{number}") for number, ds in enumerate(instances, start=1)]


def zipped(files: dict[str, bytes]) -> bytes:
    """Return files as a ZIP."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def tarred(instances: list[Dataset], mode: Literal["w:gz", "w"] = "w:gz") -> bytes:
    """Return instances as a tar."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for number, ds in enumerate(instances):
            content = dicom_bytes(ds)
            entry = tarfile.TarInfo(f"a/{number}.dcm")
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def drop(platform: Platform, name: str, instances: list[Dataset], **extra: bytes) -> None:
    """Deliver instances and other files as one ZIP."""
    files = {f"{number}.dcm": dicom_bytes(ds) for number, ds in enumerate(instances)} | extra
    platform.drop.put(f"drop/{name}.zip", zipped(files))


def drop_loose(platform: Platform, folder: str, instances: list[Dataset]) -> None:
    """Deliver instances one by one into a folder."""
    for number, ds in enumerate(instances):
        platform.drop.put(f"drop/{folder}/instance {number} ü.dcm", dicom_bytes(ds))


def outcomes(platform: Platform) -> dict[str, int]:
    """Return the number of deliveries by state and code."""
    with platform.database.begin() as transaction:
        return {f"{row.state} {row.code}".strip(): row.items for row in nights.inbox_counts(transaction)}


def quarantined(platform: Platform) -> dict[str, int]:
    """Return the number of quarantine entries by scope and code."""
    with platform.database.begin() as transaction:
        return {f"{row.scope} {row.code}": row.items for row in quarantine.counts(transaction)}


def stored(platform: Platform, uid: str = "1.2.3") -> studies.StoredStudy:
    """Return a stored study by the UID with which it was delivered."""
    with platform.database.begin() as transaction:
        return studies.get(transaction, platform.pseudonymiser.study(uid))


def stored_instances(platform: Platform) -> set[str]:
    """Return the ids of all stored instances, as the manifests of the current studies list them."""
    listed = run_sql(platform, "SELECT study_id, manifest_sha256 FROM idh.study WHERE manifest_sha256 IS NOT NULL")
    contents = (platform.store.get_checked(keys.manifest(study, digest), digest) for study, digest in listed)
    return {instance_id for content in contents for instance_id in read_manifest(content)}


def count(platform: Platform, table: str) -> int:
    """Return the number of rows of a table."""
    [(rows,)] = run_sql(platform, f"SELECT count(*) FROM {table}")
    return int(rows)
