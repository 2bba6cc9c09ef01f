"""Every code that the platform raises or records, with its words from ``catalogue.toml``."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from idh_tasks.codes.words import Consequence, Entry, Stage, file

__all__ = ["Code", "Consequence", "Entry", "Stage", "catalogue"]


class Code(StrEnum):
    """A code in a message, a table or a report."""

    # Fetching studies
    E_PACS = "E_PACS"
    E_PACS_BUSY = "E_PACS_BUSY"
    E_PACS_HOURS = "E_PACS_HOURS"
    E_RETRIEVE_CONFLICT = "E_RETRIEVE_CONFLICT"
    E_RETRIEVE_SIZE = "E_RETRIEVE_SIZE"
    E_UNENCRYPTED = "E_UNENCRYPTED"
    E_TIMEOUT = "E_TIMEOUT"
    E_INCOMPLETE = "E_INCOMPLETE"
    E_QUERY_TRUNCATED = "E_QUERY_TRUNCATED"
    E_DICOMWEB = "E_DICOMWEB"
    E_PEER_PROTOCOL = "E_PEER_PROTOCOL"
    E_PEER_REFUSED = "E_PEER_REFUSED"
    E_PREFLIGHT = "E_PREFLIGHT"
    E_ARCHIVE = "E_ARCHIVE"
    E_BAD_KEY = "E_BAD_KEY"
    E_CHECKSUM = "E_CHECKSUM"
    E_CHANGED = "E_CHANGED"
    W_VANISHED = "W_VANISHED"
    E_MLLP = "E_MLLP"
    E_INGEST = "E_INGEST"
    E_GIVEN_UP = "E_GIVEN_UP"
    W_TOLERATED = "W_TOLERATED"
    E_RECONCILE = "E_RECONCILE"
    E_EMPTY_SUSPECT = "E_EMPTY_SUSPECT"
    E_LEDGER = "E_LEDGER"
    E_BACKFILL = "E_BACKFILL"
    W_NOT_LISTED = "W_NOT_LISTED"

    # Checking DICOM files
    E_NOT_DICOM = "E_NOT_DICOM"
    E_SIZE_LIMIT = "E_SIZE_LIMIT"
    E_FILE_META = "E_FILE_META"
    E_DECODE = "E_DECODE"
    E_INFLATE_LIMIT = "E_INFLATE_LIMIT"
    E_NESTING_LIMIT = "E_NESTING_LIMIT"
    E_MISSING_UID = "E_MISSING_UID"
    E_BAD_UID = "E_BAD_UID"
    E_UID_MISMATCH = "E_UID_MISMATCH"
    E_VR_INVALID = "E_VR_INVALID"
    E_BURNED_IN = "E_BURNED_IN"
    E_PIXEL_LENGTH = "E_PIXEL_LENGTH"
    E_GATE = "E_GATE"
    W_SKIPPED_SOP = "W_SKIPPED_SOP"
    W_CLUTTER = "W_CLUTTER"
    W_VR_INVALID = "W_VR_INVALID"
    W_CHARSET = "W_CHARSET"
    W_UID_ZEROS = "W_UID_ZEROS"
    W_PIXEL_PADDING = "W_PIXEL_PADDING"
    W_FILE_META = "W_FILE_META"
    W_PREAMBLE = "W_PREAMBLE"

    # Whose study it is
    W_NOT_SELECTED = "W_NOT_SELECTED"
    E_NO_IMAGES = "E_NO_IMAGES"
    E_MISSING_ID = "E_MISSING_ID"
    E_ISSUER = "E_ISSUER"
    E_ID_MISMATCH = "E_ID_MISMATCH"
    E_STUDY_DATE = "E_STUDY_DATE"
    E_DEMOGRAPHIC_MISMATCH = "E_DEMOGRAPHIC_MISMATCH"
    E_ID_CHANGED = "E_ID_CHANGED"
    E_WITHDRAWN = "E_WITHDRAWN"
    E_SOP_CONFLICT = "E_SOP_CONFLICT"

    # Naming and checking series
    E_GEOMETRY_GAP = "E_GEOMETRY_GAP"
    E_GEOMETRY_SLICES = "E_GEOMETRY_SLICES"
    E_GEOMETRY_FRAME = "E_GEOMETRY_FRAME"
    E_GEOMETRY_ORIENT = "E_GEOMETRY_ORIENT"
    E_GEOMETRY_MATRIX = "E_GEOMETRY_MATRIX"
    E_GEOMETRY_DUP = "E_GEOMETRY_DUP"
    E_GEOMETRY_MISSING = "E_GEOMETRY_MISSING"
    E_GEOMETRY_SHEAR = "E_GEOMETRY_SHEAR"
    E_PHOTOMETRIC = "E_PHOTOMETRIC"
    E_EMPTY_IMAGE = "E_EMPTY_IMAGE"
    E_UNSUPPORTED_SOP = "E_UNSUPPORTED_SOP"
    W_MISSING_SEQUENCE = "W_MISSING_SEQUENCE"
    W_LOW_CONFIDENCE = "W_LOW_CONFIDENCE"

    # Pathology and registry feeds
    E_LABORATORY = "E_LABORATORY"
    E_FHIR = "E_FHIR"
    E_FHIR_AUTH = "E_FHIR_AUTH"
    E_SCHEMA = "E_SCHEMA"
    E_SETTINGS = "E_SETTINGS"
    E_FEED_FORMAT = "E_FEED_FORMAT"
    W_UNREAD = "W_UNREAD"
    E_FEED = "E_FEED"
    E_FEED_DROP = "E_FEED_DROP"
    E_NO_REPORT = "E_NO_REPORT"

    # Reasons why a case is left out
    W_NO_MR = "W_NO_MR"
    W_NO_PATHOLOGY = "W_NO_PATHOLOGY"
    W_CANCELLED = "W_CANCELLED"
    W_NOT_FINAL = "W_NOT_FINAL"
    E_REPORT_CONFLICT = "E_REPORT_CONFLICT"
    E_LABEL_CONFLICT = "E_LABEL_CONFLICT"
    W_OVERRULED = "W_OVERRULED"
    W_EXCLUDED_BY_REVIEW = "W_EXCLUDED_BY_REVIEW"
    W_DIAGNOSIS_UNCLEAR = "W_DIAGNOSIS_UNCLEAR"
    W_NOT_GBM = "W_NOT_GBM"
    W_NO_SURGERY_DATE = "W_NO_SURGERY_DATE"
    W_POSTOP = "W_POSTOP"
    W_EXCLUDED_IMAGES = "W_EXCLUDED_IMAGES"
    W_WINDOW = "W_WINDOW"
    W_OTHER_CHOSEN = "W_OTHER_CHOSEN"
    W_AMBIGUOUS = "W_AMBIGUOUS"
    W_AWAITING_REVIEW = "W_AWAITING_REVIEW"
    W_INDETERMINATE = "W_INDETERMINATE"
    W_NO_USABLE_SERIES = "W_NO_USABLE_SERIES"
    W_NOT_PREPROCESSED = "W_NOT_PREPROCESSED"

    # From images to patches
    E_B_VALUES = "E_B_VALUES"
    E_DWI_VOLUMES = "E_DWI_VOLUMES"
    E_ADC_VALUES = "E_ADC_VALUES"
    E_ADC_UNIT = "E_ADC_UNIT"
    E_TIMING = "E_TIMING"
    E_NO_BOLUS = "E_NO_BOLUS"
    E_DSC_CONTRAST = "E_DSC_CONTRAST"
    E_DSC_VOLUMES = "E_DSC_VOLUMES"
    E_QUALITY = "E_QUALITY"
    E_REG_QC = "E_REG_QC"
    E_COVERAGE = "E_COVERAGE"
    W_REFERENCE = "W_REFERENCE"
    E_BRAIN_MASK = "E_BRAIN_MASK"
    W_BRAIN_FALLBACK = "W_BRAIN_FALLBACK"
    W_BRAIN_T2 = "W_BRAIN_T2"
    E_ROI = "E_ROI"
    E_NO_ROI = "E_NO_ROI"
    W_ROI_PROPOSED = "W_ROI_PROPOSED"
    W_ROI_DOUBTFUL = "W_ROI_DOUBTFUL"
    E_PLUGIN = "E_PLUGIN"
    E_PREPROC = "E_PREPROC"
    W_DSC_MOTION = "W_DSC_MOTION"
    W_BASELINE_DRIFT = "W_BASELINE_DRIFT"
    W_DSC_VOLUMES = "W_DSC_VOLUMES"
    W_DWI_MOTION = "W_DWI_MOTION"
    W_DWI_VOLUMES = "W_DWI_VOLUMES"
    W_ADC_UNIT = "W_ADC_UNIT"
    W_DIRECTIONS = "W_DIRECTIONS"
    W_EPI_DISTORTION = "W_EPI_DISTORTION"
    W_OTHER_SERIES = "W_OTHER_SERIES"
    W_RCBV_REFERENCE = "W_RCBV_REFERENCE"

    # Training and promotion
    E_FOLD_DEGENERATE = "E_FOLD_DEGENERATE"
    E_DATASET_SHRUNK = "E_DATASET_SHRUNK"
    E_DATASET_ERASED = "E_DATASET_ERASED"
    E_LOCKED_SET = "E_LOCKED_SET"
    E_LEAKAGE = "E_LEAKAGE"
    E_NOT_SEARCHED = "E_NOT_SEARCHED"
    E_NAN_LOSS = "E_NAN_LOSS"
    E_NONFINITE = "E_NONFINITE"
    E_GPU = "E_GPU"
    E_LEASE = "E_LEASE"
    E_COLLAPSE = "E_COLLAPSE"
    E_LABEL_MARK = "E_LABEL_MARK"
    W_CONTROL = "W_CONTROL"
    W_LEAK_BLIND = "W_LEAK_BLIND"
    E_NO_SIGNAL = "E_NO_SIGNAL"
    W_BASELINE = "W_BASELINE"
    W_RELABELLED = "W_RELABELLED"
    W_WORSE = "W_WORSE"
    W_CALIBRATION = "W_CALIBRATION"
    W_DRIFT = "W_DRIFT"
    E_STALE = "E_STALE"
    E_NO_CHAMPION = "E_NO_CHAMPION"
    E_CHAMPION_WITHDRAWN = "E_CHAMPION_WITHDRAWN"
    E_NO_RUN = "E_NO_RUN"
    E_FORMAT = "E_FORMAT"
    W_LABEL_CHANGED = "W_LABEL_CHANGED"
    W_LABEL_WITHDRAWN = "W_LABEL_WITHDRAWN"
    W_PERSON_CHANGED = "W_PERSON_CHANGED"
    W_STUDY_CHANGED = "W_STUDY_CHANGED"
    W_OUTLINE_WITHDRAWN = "W_OUTLINE_WITHDRAWN"

    # Review and erasure
    E_REVIEW = "E_REVIEW"
    E_NOT_SHOWN = "E_NOT_SHOWN"
    E_RULE = "E_RULE"
    E_NO_PATIENT = "E_NO_PATIENT"

    # Database, store and start-up
    E_DATABASE = "E_DATABASE"
    E_CONSTRAINT = "E_CONSTRAINT"
    E_STORE = "E_STORE"
    E_STORE_AUTH = "E_STORE_AUTH"
    E_STORE_MISSING = "E_STORE_MISSING"
    E_STORE_REQUEST = "E_STORE_REQUEST"
    E_STORE_INSECURE = "E_STORE_INSECURE"
    E_HASH = "E_HASH"
    E_DISK = "E_DISK"
    E_KEY = "E_KEY"
    E_AUDIT = "E_AUDIT"
    E_KILLED = "E_KILLED"
    E_UNEXPECTED = "E_UNEXPECTED"
    E_START = "E_START"
    E_DEMO = "E_DEMO"
    E_NO_INPUT = "E_NO_INPUT"
    E_ARGUMENT = "E_ARGUMENT"
    E_NO_ENTRY = "E_NO_ENTRY"
    E_PATH = "E_PATH"

    @property
    def stage(self) -> Stage:
        """Return where the code arises."""
        return catalogue()[self].stage

    @property
    def meaning(self) -> str:
        """Return what has happened, in one sentence."""
        return catalogue()[self].meaning

    @property
    def consequence(self) -> Consequence:
        """Return what the platform does about it."""
        return catalogue()[self].consequence

    @property
    def remedy(self) -> str:
        """Return what the hospital's data team should do."""
        return catalogue()[self].remedy


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the entry of every code, in the order of the file.

    Raises
    ------
    KeyError
        If an entry lacks its meaning, consequence or remedy.
    ValueError
        If it names a consequence that does not exist.
    """
    return MappingProxyType({code: _entry(stage, found) for stage in Stage for code, found in file()[stage].items()})


def _entry(stage: Stage, found: Mapping[str, str]) -> Entry:
    return Entry(stage, found["meaning"], Consequence(found["consequence"]), " ".join(found["remedy"].split()))
