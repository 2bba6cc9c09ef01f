"""Predictions of one study as a DICOM structured report (PS3.16 TID 1500)."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from highdicom.sr import (
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    TrackingIdentifier,
)
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes

SCHEME = "99IDH"
NOTICE = "IDH prediction, for research use; not for diagnosis"
PROBABILITY = CodedConcept("probability_mutant", SCHEME, "Probability of IDH mutation")
STATUS = CodedConcept("idh_status", SCHEME, "IDH status by pathology when this was written")
TYPE_2 = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
          "AccessionNumber", "ReferringPhysicianName")  # fmt: skip
STATUSES = {
    "mutant": CodedConcept("mutant", SCHEME, "IDH-mutant"),
    "wildtype": CodedConcept("wildtype", SCHEME, "IDH-wildtype"),
    None: CodedConcept("unknown", SCHEME, "Not established"),
}


@dataclass(frozen=True)
class Predicted:
    """What the champion of one sequence says."""

    sequence: str
    model_id: str
    probability_mutant: float


@dataclass(frozen=True)
class Named:
    """The names that a document gets: its own, its series', its author's; keyed, so that a repetition is the same."""

    document_uid: str
    series_uid: str
    device_uid: str


def write_report(
    evidence: Sequence[Dataset],
    predicted: Sequence[Predicted],
    status: str | None,
    named: Named,
    previous: bytes | None = None,
) -> bytes:
    """Return the report as a DICOM file; it says that it is for research.

    Parameters
    ----------
    evidence
        De-identified instances of the study: whose report it is.
    status
        The IDH status by pathology as it stands, or None.
    previous
        The document that this one supersedes: it is referenced, never changed (PS3.3 C.17.2.6).
    """
    device = DeviceObserverIdentifyingAttributes(uid=named.device_uid, name="idh-platform", model_name=NOTICE[:64])
    observer = ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=CodedConcept("P5-09000", "SRT", "Magnetic resonance imaging"),
        imaging_measurements=[_group(one, status) for one in predicted],
        title=codes.DCM.ImagingMeasurementReport,
    )
    document = ComprehensiveSR(
        evidence=[_complete(instance) for instance in evidence],
        content=content[0],
        series_instance_uid=named.series_uid,
        series_number=9001,
        sop_instance_uid=named.document_uid,
        instance_number=1,
        manufacturer="idh-platform",
        is_complete=True,
        previous_versions=[dcmread(BytesIO(previous))] if previous else None,
    )
    document.SeriesDescription = NOTICE
    buffer = BytesIO()
    document.save_as(buffer)
    return buffer.getvalue()


def _complete(instance: Dataset) -> Dataset:
    """Return a header in which no attribute is missing that may be empty (PS3.3 C.7.1.1 and C.7.2.1, type 2)."""
    whole = Dataset()
    whole.update(instance)
    whole.file_meta = instance.file_meta
    for keyword in TYPE_2:
        if keyword not in whole:
            setattr(whole, keyword, None)
    return whole


def _group(one: Predicted, status: str | None) -> MeasurementsAndQualitativeEvaluations:
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(identifier=f"{one.sequence} {one.model_id}"),
        measurements=[Measurement(PROBABILITY, one.probability_mutant, codes.UCUM.NoUnits)],
        qualitative_evaluations=[QualitativeEvaluation(STATUS, STATUSES[status])],
    )
