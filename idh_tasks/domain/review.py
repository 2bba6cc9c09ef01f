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


SAME_PERSON = "same person"
"""The answer to a near miss that merges the two patients."""
LEAVE_OPEN = "leave open"
"""The option that decides nothing: the case stays out of the cohort."""
