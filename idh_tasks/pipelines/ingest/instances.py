"""Instances as they were received and as they are stored."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from pydicom import Dataset
from pydicom.filewriter import dcmwrite

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.pipelines.ingest.identity import issuer_and_identifier
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import sha256


@dataclass(frozen=True)
class DeidentifiedInstance:
    """An instance as it is stored, with the header that names its series: the received one if the instance is new."""

    header: Dataset
    instance_id: str
    series_uid: str
    content: bytes
    new: bool

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the de-identified file."""
        return sha256(self.content)


@dataclass(frozen=True)
class ReceivedInstance:
    """An instance as it was received, and as it is stored if its header identifies a patient."""

    header: Dataset
    patient: PatientKey | None
    deidentified: DeidentifiedInstance | None


def receive_instance(platform: Platform, header: Dataset) -> ReceivedInstance:
    """De-identify an instance by itself; the study's other instances may yet show that the patient is another one."""
    issuer, identifier = issuer_and_identifier(platform, header)
    if not (issuer and identifier):
        return ReceivedInstance(header, None, None)
    patient = platform.pseudonymiser.patient(issuer, identifier)
    return ReceivedInstance(header, patient, deidentify_instance(platform, header, patient))


def deidentify_instance(platform: Platform, header: Dataset, patient: PatientKey) -> DeidentifiedInstance:
    """Return an instance as it is stored for this patient."""
    ds = deidentify(header, patient, platform.pseudonymiser)
    return DeidentifiedInstance(header, str(ds.SOPInstanceUID), str(ds.SeriesInstanceUID), encode_file(ds), new=True)


def received_file(header: Dataset) -> bytes:
    """Return an instance as the file that was delivered; it identifies the patient."""
    buffer = BytesIO()
    dcmwrite(buffer, header)
    return buffer.getvalue()
