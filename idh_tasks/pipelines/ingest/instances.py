"""Instances as they were received and as they are stored; their files are in a spool, their headers in memory."""

from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.dicom.files import encode_file
from idh_tasks.dicom.headers import Headers
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.transport.spool import Spool, SpooledFile
from idh_tasks.pipelines.ingest.identity import issuer_and_identifier
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import sha256


@dataclass(frozen=True)
class DeidentifiedInstance:
    """An instance as it is stored, with the header that names its series: the received one if the instance is new.

    `received` is the file that was delivered, which identifies the patient; a stored instance has none.
    """

    header: Dataset
    instance_id: str
    series_uid: str
    content: SpooledFile
    sha256: str
    received: SpooledFile | None = None

    @property
    def new(self) -> bool:
        """Return whether the delivery holds the instance."""
        return self.received is not None


@dataclass(frozen=True)
class ReceivedInstance:
    """An instance as it was received, and as it is stored if its header identifies a patient."""

    header: Dataset
    file: SpooledFile
    patient: PatientKey | None
    deidentified: DeidentifiedInstance | None


def receive_instance(
    platform: Platform, ds: Dataset, file: SpooledFile, spool: Spool, headers: Headers
) -> ReceivedInstance:
    """De-identify an instance by itself; the study's other instances may yet show that the patient is another one."""
    header = headers.without_pixels(ds)
    issuer, identifier = issuer_and_identifier(platform, header)
    if not (issuer and identifier):
        return ReceivedInstance(header, file, None, None)
    patient = platform.pseudonymiser.patient(issuer, identifier)
    return ReceivedInstance(header, file, patient, _deidentified(platform, ds, header, file, patient, spool))


def deidentify_again(
    platform: Platform, received: ReceivedInstance, patient: PatientKey, spool: Spool
) -> DeidentifiedInstance:
    """Return an instance as it is stored for the patient whom the study's other instances identify."""
    ds = admit(received.file.read(), decode=False).ds
    return _deidentified(platform, ds, received.header, received.file, patient, spool)


def _deidentified(
    platform: Platform, ds: Dataset, header: Dataset, file: SpooledFile, patient: PatientKey, spool: Spool
) -> DeidentifiedInstance:
    out = deidentify(ds, patient, platform.pseudonymiser)
    content = encode_file(out)
    ids = str(out.SOPInstanceUID), str(out.SeriesInstanceUID)
    return DeidentifiedInstance(header, *ids, spool.add(content), sha256(content), file)
