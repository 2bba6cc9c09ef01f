"""The ground truth of a synthetic patient, as it is written to truth.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.phantom.acquisition import Displacement
from idh_tasks.phantom.dicom import StudyHeader
from idh_tasks.phantom.tissue import Biology, Tissue


@dataclass(frozen=True)
class Truth:
    """Everything about a patient that the platform has to find out.

    Attributes
    ----------
    hurt
        The defect that was planted in the study, if any.
    labels
        The NIfTI file with the tissue of every voxel of the undisplaced head.
    adc, cbv
        ADC in 10⁻⁶ mm²/s and relative CBV of each tissue.
    """

    folder: str
    study_uid: str
    patient_id: str
    status: IdhStatus
    hurt: str | None
    vendor: str
    biology: dict[str, float]
    displacements: Mapping[str, Displacement]
    labels: str
    adc: dict[str, float]
    cbv: dict[str, float]


def truth_of(
    folder: str,
    header: StudyHeader,
    status: IdhStatus,
    defect: str | None,
    biology: Biology,
    displacements: Mapping[str, Displacement],
) -> Truth:
    """Return the truth of a patient whose study lies in `folder`."""
    tissues = biology.properties()
    values: dict[str, Any] = {name: round(float(value), 4) for name, value in vars(biology).items()}
    return Truth(
        folder=folder,
        study_uid=header.study_uid,
        patient_id=header.person.identifier,
        status=status,
        hurt=defect,
        vendor=header.vendor.value,
        biology=values,
        displacements=displacements,
        labels=f"truth/{folder}_labels.nii.gz",
        adc={tissue.name: tissues[tissue].adc for tissue in Tissue},
        cbv={tissue.name: tissues[tissue].cbv for tissue in Tissue},
    )
