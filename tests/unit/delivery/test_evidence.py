"""A document needs only a small part of a header, and states the same from it as from a whole instance."""

from io import BytesIO

import numpy as np
import pytest
from highdicom.base import get_iod_module_map, get_module_attribute_map, get_sop_class_iod_map
from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag

from idh_tasks.delivery.evidence import GROUPS, evidence
from idh_tasks.delivery.structured_report import DocumentUids, write_report
from idh_tasks.domain.learning import SequencePrediction
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from tests.factories import dicom_bytes, instance

UIDS = DocumentUids("2.25.1", "2.25.2", "2.25.3")
WRITTEN_AT = ("InstanceCreationDate", "InstanceCreationTime", "ContentDate", "ContentTime")
LARGE = {"Rows": 1024, "Columns": 1024, "PixelData": np.zeros(2**20, dtype=np.uint16).tobytes()}


def report(header: Dataset) -> Dataset:
    """Return a report with this evidence, without what differs between any two reports."""
    predicted = SequencePrediction(MrSequence.T1, "m", 0.25)
    document = dcmread(BytesIO(write_report([header], [predicted], None, UIDS)))
    for keyword in WRITTEN_AT:
        del document[keyword]
    del document.ContentSequence
    for equipment in document.ContributingEquipmentSequence:
        equipment.pop("ContributionDateTime", None)
    return document


def test_a_document_is_the_same_from_the_evidence_as_from_the_whole_instance() -> None:
    whole = instance(
        StudyDescription="head", AccessionNumber="A1", StudyTime="101500", PatientAge="058Y", PatientWeight="71.50",
        Manufacturer="SIEMENS", ManufacturerModelName="Skyra", SoftwareVersions=["syngo MR E11"],
        DeviceSerialNumber="4711", ClinicalTrialSubjectID="S1",
        PatientIdentityRemoved="YES", DeidentificationMethod="IDH", SpecificCharacterSet="ISO_IR 100",
    )  # fmt: skip
    kept = dcmread(BytesIO(evidence(dicom_bytes(whole))))
    stated = report(kept)
    assert str(stated) == str(report(whole))
    assert stated.ContributingEquipmentSequence[0].DeviceSerialNumber == "4711"
    [referenced] = stated.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert referenced.ReferencedSOPInstanceUID == whole.SOPInstanceUID


def test_evidence_is_small_whatever_the_size_of_the_instance() -> None:
    ds = instance(**LARGE)
    ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", b"\1" * 80_000)
    kept = evidence(dicom_bytes(ds))
    assert len(kept) < 2000
    read = dcmread(BytesIO(kept))
    assert {element.tag.group for element in read} <= set(GROUPS)
    assert (read.StudyInstanceUID, read.PatientID) == (ds.StudyInstanceUID, ds.PatientID)


@pytest.mark.parametrize("sop_class", SOP_CLASSES)
def test_every_attribute_that_a_document_copies_is_in_a_group_that_is_kept(sop_class: str) -> None:
    modules = [
        one for one in get_iod_module_map()[get_sop_class_iod_map()[sop_class]] if one["ie"] in ("Patient", "Study")
    ]
    attributes = [one for module in modules for one in get_module_attribute_map()[module["key"]] if not one["path"]]
    tags = [Tag(tag_for_keyword(one["keyword"]) or 0) for one in attributes]
    assert len(tags) > 50
    assert {tag.group for tag in tags} <= set(GROUPS)
