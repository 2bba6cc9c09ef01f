"""A hospital that delivers: studies to the bucket, and what became of them."""

import tarfile
import zipfile
from io import BytesIO

from pydicom import Dataset

from idh_tasks.db import studies
from idh_tasks.pipelines.platform import Platform
from tests.factories import MARKER_ID, dicom_bytes, stack

SE_T1 = {"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "10", "SeriesDescription": "t1_se_tra"}


def study(uid: str = "1.2.3", patient: str = MARKER_ID, slices: int = 4) -> list[Dataset]:
    places = [5.0 * k for k in range(slices)]
    found = stack(places, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", PatientID=patient, **SE_T1)
    for number, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{uid}.1.{number + 1}"
    return found


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def drop(platform: Platform, name: str, instances: list[Dataset], **extra: bytes) -> None:
    files = {f"{number}.dcm": dicom_bytes(ds) for number, ds in enumerate(instances)} | extra
    platform.drop.put(f"drop/{name}.zip", zipped(files))


def outcomes(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        return {f"{r['state']} {r['code']}".strip(): r["items"] for r in transaction.rows("inbox/count_inbox_states")}


def held_back(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        return {f"{r['scope']} {r['code']}": r["items"] for r in transaction.rows("quarantine/count_quarantine")}


def loose(platform: Platform, folder: str, instances: list[Dataset]) -> None:
    for number, ds in enumerate(instances):
        platform.drop.put(f"drop/{folder}/instance {number} ü.dcm", dicom_bytes(ds))


def tarred(instances: list[Dataset], mode: str = "w:gz") -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for number, ds in enumerate(instances):
            content = dicom_bytes(ds)
            entry = tarfile.TarInfo(f"a/{number}.dcm")
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def stored(platform: Platform, uid: str = "1.2.3") -> studies.StoredStudy:
    with platform.database.begin() as transaction:
        return studies.get(transaction, platform.pseudonymiser.study(uid))


def count(platform: Platform, table: str) -> int:
    with platform.database.begin() as transaction:
        return int(transaction._connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())
