"""Kinds of questions that only a person can decide."""

from enum import StrEnum


class ReviewKind(StrEnum):
    """What a reviewer is asked about."""

    UNCLEAR_RESULT = "unclear_result"
    UNCLEAR_DIAGNOSIS = "unclear_diagnosis"
    REPORT_VERSIONS = "report_versions"
    LABEL_CONFLICT = "label_conflict"
    SEVERAL_STUDIES = "several_studies"
    NEAR_MISS = "near_miss"
    AUTOMATIC_ROI = "automatic_roi"
    MERGE_MISMATCH = "merge_mismatch"
    SERIES_NAME = "series_name"
    SAME_IMAGE = "same_image"

    @property
    def words(self) -> str:
        """Return the kind in words."""
        return "outline" if self is ReviewKind.AUTOMATIC_ROI else self.value.replace("_", " ")


class ImageFault(StrEnum):
    """Why a reviewer excludes a study (protocol: 'motion artefact or sub-optimal images')."""

    MOTION = "motion"
    ARTEFACT = "artefact"
    COVERAGE = "coverage"
    OTHER = "other"


ABOUT_IMAGES = (ReviewKind.AUTOMATIC_ROI, ReviewKind.SERIES_NAME, ReviewKind.SAME_IMAGE)
"""Questions that preprocessing and training ask; the others follow from reports, and each link run derives them."""
SAME_PERSON = "same person"
"""The answer to a near miss that merges the two patients."""
DIFFERENT_PATIENTS, SAME_PATIENT = "two different patients", "the same patient"
"""The answers about a pair with the same image; the first one lets them be trained on."""
LEAVE_OPEN = "leave open"
"""The option that decides nothing: the case stays out of the cohort, or the pair refuses the training."""
