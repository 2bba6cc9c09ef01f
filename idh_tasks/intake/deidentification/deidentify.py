"""De-identification by the Basic Application Level Confidentiality Profile (PS3.15 annex E)."""

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from idh_tasks.dicom.elements import ElementContext, reading_copy
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.attributes import deidentify_element
from idh_tasks.intake.deidentification.declaration import declaration
from idh_tasks.intake.deidentification.descriptors import identifying_texts
from idh_tasks.intake.deidentification.outline_roles import write_roles
from idh_tasks.intake.deidentification.pixels import PIXEL_DATA, copy_pixels
from idh_tasks.intake.deidentification.private import copy_safe_private, move_needed_values
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.deidentification.subject import Subject

UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)


def deidentify(ds: Dataset, patient: PatientKey, pseudonymiser: Pseudonymiser) -> Dataset:
    """Return a new data set without any identifier.

    Every attribute of PS3.15 table E.1-1 gets its action, in sequences too. Curves, overlays, unknown and private
    attributes are removed, except for the numbers of the safe list; the b-value moves to its standard element and a
    mosaic's slice normal to our private one. Names of segments and structures become roles. Text that
    identifies the patient is removed wherever it occurs. Preamble and file meta information are new.
    """
    elements = [ds.get_item(tag) for tag in sorted(ds.keys()) if not tag.is_private and tag != PIXEL_DATA]
    ds = reading_copy(ds)
    subject = Subject(patient, pseudonymiser, identifying_texts(ds))
    context = ElementContext.of(ds)
    out = Dataset()
    out.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding=context.encodings)
    for element in elements:
        deidentified = deidentify_element(ds, element, subject, context)
        if deidentified is not None:
            out[deidentified.tag] = deidentified
    copy_safe_private(ds, out)
    move_needed_values(ds, out)
    write_roles(ds, out)
    copy_pixels(ds, out)
    for declared in declaration(patient, context):
        out[declared.tag] = declared
    out.file_meta = _file_meta(ds.file_meta.TransferSyntaxUID)
    return out


def _file_meta(transfer_syntax: UID) -> FileMetaDataset:
    """Return new file meta information.

    The bytes of an instance must not depend on the uncompressed transfer syntax that the PACS happened to choose.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if transfer_syntax in UNCOMPRESSED else transfer_syntax
    return meta
