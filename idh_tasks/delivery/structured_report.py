"""The predictions for one study as a DICOM structured report (PS3.16 TID 1500)."""

import warnings
from collections.abc import Mapping, Sequence
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

from idh_tasks.domain.learning import SequencePrediction
from idh_tasks.domain.pathology import IdhStatus

SCHEME = "99IDH"
NOTICE = "IDH prediction, for research use; not for diagnosis"
PROBABILITY = CodedConcept("probability_mutant", SCHEME, "Probability of IDH mutation")
STATUS = CodedConcept("idh_status", SCHEME, "IDH status by pathology when this was written")
TYPE_2 = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
          "AccessionNumber", "ReferringPhysicianName")  # fmt: skip
STANDING = CodedConcept("standing", SCHEME, "Standing of the earlier predictions of this study")
WITHDRAWN = CodedConcept("withdrawn", SCHEME, "Withdrawn: study excluded, or patient, outline or model changed")
STATUSES: Mapping[IdhStatus | None, CodedConcept] = {
    IdhStatus.MUTANT: CodedConcept("mutant", SCHEME, "IDH-mutant"),
    IdhStatus.WILDTYPE: CodedConcept("wildtype", SCHEME, "IDH-wildtype"),
    None: CodedConcept("unknown", SCHEME, "Not established"),
}


@dataclass(frozen=True)
class DocumentUids:
    """The UIDs of a document, its series and its device; the same document always gets the same."""

    document: str
    series: str
    device: str


def write_report(
    evidence: Sequence[Dataset],
    predictions: Sequence[SequencePrediction],
    status: IdhStatus | None,
    uids: DocumentUids,
    previous: bytes | None = None,
) -> bytes:
    """Return the report as a DICOM file; it states that it is for research use.

    Parameters
    ----------
    predictions
        Without any, the report states that the earlier predictions no longer hold.
    evidence
        De-identified instances of the study that the report belongs to.
    status
        The IDH status by pathology, or None if it is not established.
    previous
        The document that this one supersedes: it is referenced, never changed (PS3.3 C.17.2.6).
    """
    with warnings.catch_warnings():
        # highdicom takes a pseudonym for a mistyped name, and would print it.
        warnings.filterwarnings("ignore", "The string .* is unlikely to represent the intended person name")
        document = ComprehensiveSR(
            evidence=[_with_type_2(instance) for instance in evidence],
            content=_content(predictions, status, uids),
            series_instance_uid=uids.series,
            series_number=9001,
            sop_instance_uid=uids.document,
            instance_number=1,
            manufacturer="idh-platform",
            is_complete=True,
            previous_versions=[dcmread(BytesIO(previous))] if previous else None,
        )
    document.SeriesDescription = NOTICE
    buffer = BytesIO()
    document.save_as(buffer)
    return buffer.getvalue()


def _content(predictions: Sequence[SequencePrediction], status: IdhStatus | None, uids: DocumentUids) -> Dataset:
    device = DeviceObserverIdentifyingAttributes(uid=uids.device, name="idh-platform", model_name=NOTICE[:64])
    observer = ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=CodedConcept("P5-09000", "SRT", "Magnetic resonance imaging"),
        imaging_measurements=[_group(prediction, status) for prediction in predictions] or [_withdrawn()],
        title=codes.DCM.ImagingMeasurementReport,
    )
    return report[0]


def _with_type_2(instance: Dataset) -> Dataset:
    """Return a header with all attributes that must be present and may be empty (PS3.3 C.7.1.1, C.7.2.1, type 2)."""
    complete = Dataset()
    complete.update(instance)
    complete.file_meta = instance.file_meta
    for keyword in TYPE_2:
        if keyword not in complete:
            setattr(complete, keyword, None)
    return complete


def _group(prediction: SequencePrediction, status: IdhStatus | None) -> MeasurementsAndQualitativeEvaluations:
    identifier = f"{prediction.sequence} {prediction.model_id}"
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(identifier=identifier),
        measurements=[Measurement(PROBABILITY, prediction.probability_mutant, codes.UCUM.NoUnits)],
        qualitative_evaluations=[QualitativeEvaluation(STATUS, STATUSES[status])],
    )


def _withdrawn() -> MeasurementsAndQualitativeEvaluations:
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(identifier="earlier predictions"),
        qualitative_evaluations=[QualitativeEvaluation(STANDING, WITHDRAWN)],
    )
