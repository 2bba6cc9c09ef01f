"""Settings, validated once at the edge; those that change a result have a fingerprint.

The docstring of a field is its entry in docs/settings.md.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from idh_tasks.domain.learning import RuleOff, Scheme, Selection
from idh_tasks.domain.pathology import CodePage, DateOrder
from idh_tasks.domain.sequence import Provenance
from idh_tasks.domain.words import read_rules
from idh_tasks.endpoints import (
    ChangesSettings,
    DicomwebSettings,
    FhirSettings,
    MllpSettings,
    PacsSettings,
    StoreSettings,
)
from idh_tasks.night_settings import ListingSettings, NightSettings

ROOT = Path(__file__).resolve().parents[1]
SQL = ROOT / "sql"


def _readable(path: Path) -> Path:
    if not (os.access(path, os.R_OK) and path.is_file()):
        raise ValueError("there is no such file, or it cannot be read")
    return path


ReadableFile = Annotated[Path, AfterValidator(_readable)]
"""A file that every process reads that has the setting; not the key of a certificate, which only one may read."""


def _understood(path: Path) -> Path:
    read_rules(path.read_text(encoding="utf-8-sig"))
    return path


WordTableFile = Annotated[ReadableFile, AfterValidator(_understood)]
"""A table of words for the selection of studies or series."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def fingerprint(self) -> str:
        """Return a short hash of every value, to be part of object keys and run ids."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class LinkageSettings(_Frozen):
    """How a study finds its pathology result (protocol, 'Cohort and label')."""

    window_days: int = Field(default=90, ge=0)
    """Longest time from the study to surgery, in days."""
    age_rule: bool = False
    """Whether an IHC-negative, unsequenced tumour at 55 years or older counts as wild-type, marked provisional."""
    date_order: DateOrder | None = None
    """`day_first` or `month_first`: how tables write dates such as 03/04/1958; unset, a file with one is held."""
    encoding: CodePage | None = None
    """Encoding of tables not in UTF-8, such as `cp1252` or `cp850`; unset, one that can be read in two ways is held."""


class IdentifierRule(_Frozen):
    """How a hospital writes the same patient identifier in several ways. Set it before the first night."""

    leading_zeros: bool = False
    """Whether leading zeros mean nothing; otherwise 0012 and 12 are two patients."""
    check_digits: int = Field(default=0, ge=0, le=4)
    """Number of check digits at the end of an identifier."""


class IntakeSettings(_Frozen):
    """Which studies and series of an archive are picked up: heads, by the words of tables (docs/connect.md)."""

    study_words: WordTableFile | None = None
    """CSV table of the hospital's words for studies, which prevail over those of the package."""
    series_words: WordTableFile | None = None
    """CSV table of the hospital's words for series, which prevail over those of the package."""
    words: Literal["extend", "replace"] = "extend"
    """Whether the hospital's tables extend those of the package or replace them."""
    earliest: date | None = None
    """First date of studies that are picked up."""
    latest: date | None = None
    """Last date of studies that are picked up."""
    min_age: int | None = Field(default=None, ge=0)
    """Lowest age at the study, in years; a study whose listing states no birth date is not excluded."""
    max_age: int | None = Field(default=None, ge=0)
    """Highest age at the study, in years."""
    cohort_patients: int = Field(default=200, ge=0)
    """Patients with a pathology result whose studies an archive is asked for in one night; 0 asks for none."""


class ImagingSettings(_Frozen):
    """How a study becomes patches (protocol, 'Images'). A change makes new patches."""

    patch_size: int = 64
    """Edge length of a patch in pixels."""
    normalisation: Literal["brain_zscore", "tumour_mean"] = "brain_zscore"
    """Intensities become z-scores over the brain, or are divided by the mean of the tumour."""
    adc_scale: Literal["normalised", "absolute"] = "normalised"
    """The ADC is normalised like every sequence, or kept in 10⁻³ mm²/s: it is a measured quantity."""
    resample: Literal["stretch", "pad_square"] = "stretch"
    """The tumour's rectangle is stretched to the patch, or padded to a square first."""
    overlap_floor: float = Field(default=0.7, ge=0, le=1)
    """Overlap of the heads (Dice) below which a registration is refused."""
    second_start_limit_mm: float = Field(default=2.5, gt=0)
    """Distance between the results of two starts, in mm, above which a registration is refused."""
    misfit_limit: float = Field(default=0.07, gt=0)
    """Misfit in size of two heads (geometric mean of scaling and affine gain) above which a registration is refused."""
    flip_margin_floor: float = Field(default=0.05, le=1)
    """Share of the information by which an image must fit better than mirrored, upside down or back to front."""
    resemblance_floor: float = 3.2
    """Joint evidence of all controls below which a registration is refused; images of two patients have 0 ± 1."""
    signal_to_noise_floor: float = Field(default=4.0, ge=0)
    """Signal-to-noise ratio below which a series is refused."""
    ghosting_limit: float = Field(default=0.15, ge=0)
    """Signal of ghosts relative to that of the head above which a series is refused."""
    movement_limit_mm: float = Field(default=3.0, ge=0)
    """Movement between the volumes of a DSC or DWI series above which it is flagged; the series stays in use."""
    distortion_limit_mm: float = Field(default=2.5, ge=0)
    """Local shift of a DWI along its phase-encoding axis above which it is flagged; the series stays in use."""
    rcbv_reference: Literal["white_matter", "brain"] = "white_matter"
    """rCBV is 1 in the white matter opposite the tumour, or in the median of the brain without vessels and leakage."""
    drift_limit: float = Field(default=0.15, ge=0)
    """Drift of the baseline relative to the depth of the bolus above which a DSC series is flagged."""
    tumour_ml: tuple[float, float] = (0.2, 500.0)
    """Smallest and largest plausible volume of a tumour outline, in ml."""
    tumour_in_head_floor: float = Field(default=0.9, ge=0, le=1)
    """Share of the outline that must lie inside the head."""
    coverage_floor: float = Field(default=0.95, ge=0, le=1)
    """Share of the outline that an image must cover; the rest of its patch would be black."""
    reference: Literal["mprage", "substitute"] = "mprage"
    """Whether a study without an MPRAGE is brought to the space of its T1 after contrast or T2; counted apart."""
    brain_extractor: str = "trained"
    """`trained` (networks of deepbet), `classical`, or the name of an entry point in `idh.brain_extractors`."""
    segmenter: str = "built-in"
    """What proposes an outline where none was delivered: the built-in one, or an entry point in `idh.segmenters`."""


class LearningSettings(_Frozen):
    """How networks are trained, compared and promoted (protocol, 'Learning')."""

    epochs: int = Field(default=500, ge=1)
    """Epochs per network."""
    batch_size: int = Field(default=16, ge=1)
    """Patches per training step."""
    learning_rate: float = Field(default=1e-4, gt=0, allow_inf_nan=False)
    """Learning rate of Adam."""
    filters: tuple[int, ...] = (8, 16, 32, 64)
    """Filters of each convolutional block."""
    dense: tuple[int, ...] = (32, 16)
    """Units of each dense layer."""
    folds: int = Field(default=5, ge=2)
    """Number of folds."""
    repetitions: int = Field(default=3, ge=1)
    """Cross-validations with other folds and weights, each of `IDH_LEARNING__FOLDS` folds; figures are their means."""
    scheme: Scheme = Scheme.STRATIFIED
    """Disjoint folds, or the paper's repeated random 80:20 splits."""
    min_mutants: int | None = Field(default=None, ge=0)
    """Mutants that every test set must have; unset, none for `stratified` and 5 for `repeated`."""
    seed: int = Field(default=20200, ge=0, lt=2**32)
    """Seed of folds, weights, augmentation and bootstrap."""
    device: Literal["any", "gpu"] = "any"
    """`gpu` refuses to train without one; `any` trains on the CPU where there is none, and records it."""
    locked_share: float = Field(default=0, ge=0, le=0.5)
    """Share of patients, by a hash of their key, who become the locked test set; fixed for good once set."""
    select: Selection = Selection.LAST
    """`last` takes the weights of the last epoch, `inner` stops early, based on patients set aside inside each fold."""
    patience: int = Field(default=50, ge=1)
    """Epochs without a smaller loss after which `inner` stops."""
    checkpoint_every: int = Field(default=25, ge=1)
    """Epochs between two checkpoints."""
    provenance: Literal["computed", "vendor", "mixed"] = "computed"
    """Which ADC and rCBV maps enter the dataset: the platform's, the scanner's, or both."""
    retrain_after_new_cases: int = Field(default=20, ge=1)
    """New cases after which a scheduled run trains again."""
    retrain_after_affected: int = Field(default=1, ge=1)
    """Patients of the last dataset whose label, person or study has changed, after which a scheduled run trains."""
    site_prevalence: float | None = Field(default=None, gt=0, lt=1)
    """Assumed share of mutants among the patients for whom champions predict; unset, that of the training cohort."""
    promotion_floor: float = Field(default=0.5, ge=0, lt=1)
    """What the lower bound of a champion's AUC must exceed; 0 lets networks without evidence become champions."""
    baseline_margin: float = Field(default=0.05, ge=0)
    """How much lower a challenger's AUC may be than that of the best baseline; 1 or more never refuses."""
    promotion_margin: float = Field(default=0, ge=0)
    """How much lower a challenger's AUC may be than that of the best champion so far, beyond chance."""
    calibration_margin: float = Field(default=0.03, ge=0)
    """How much higher a challenger's Brier score may be than that of the best champion, on the same patients."""
    relabelled_share: float = Field(default=0.03, ge=0, le=1)
    """Share of patients whose label may have changed since the best champion was trained."""
    locked_looks: int = Field(default=4, ge=0)
    """Training runs a year that are judged on the locked test set; all others are judged out of fold."""
    shrunk_share: float = Field(default=0.5, ge=0, le=1)
    """A cohort smaller than this share of the last one is not trained on."""

    @classmethod
    def recorded(cls, settings: Mapping[str, object]) -> "LearningSettings":
        """Return the settings that are stored with a run; those that no longer exist are left out."""
        return cls.model_validate({name: value for name, value in settings.items() if name in cls.model_fields})

    @property
    def switched_off(self) -> tuple[RuleOff, ...]:
        """Return the rules of promotion that cannot refuse a network."""
        off = {RuleOff.FLOOR: self.promotion_floor == 0, RuleOff.BASELINE: self.baseline_margin >= 1}
        return tuple(rule for rule, is_off in off.items() if is_off)

    def accepts(self, provenance: Provenance) -> bool:
        """Return whether an image of this provenance may enter the dataset."""
        return provenance is Provenance.ACQUIRED or self.provenance in ("mixed", provenance.value)


class ListenerSettings(BaseSettings):
    """What `idh mllp` reads: the store and the listener, and no secret but the key of the laboratory's bucket."""

    model_config = SettingsConfigDict(
        env_prefix="IDH_", env_nested_delimiter="__", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    store: StoreSettings
    """The object store."""
    mllp: MllpSettings = MllpSettings()
    """The listener for HL7 messages."""


class Settings(ListenerSettings):
    """The platform as a whole; in Airflow, addresses and secrets come from Connections."""

    database_url: SecretStr
    """SQLAlchemy URL of the platform's PostgreSQL database; Connections `idh_db_<role>`."""
    pathology_url: SecretStr | None = None
    """SQLAlchemy URL of the laboratory's database; Connection `idh_pathology`."""
    pathology_private_network: bool = False
    """Whether no other system is on the network to the laboratory's database; then encryption is not required."""
    pseudonym_key: SecretStr
    """Secret from which all pseudonyms are derived, at least 32 characters; Connection `idh_pseudonym_key`."""
    pacs: PacsSettings | None = None
    """The PACS, if there is one."""
    dicomweb: DicomwebSettings | None = None
    """The DICOMweb archive, if there is one."""
    changes: ChangesSettings | None = None
    """The change feed of the archive, if it is an Orthanc."""
    listing: ListingSettings = ListingSettings()
    """The full listing of the archives, a part of it each night."""
    night: NightSettings = NightSettings()
    """Failures of intake."""
    fhir: FhirSettings | None = None
    """The laboratory's FHIR server, if it is to be polled."""
    most_tasks: int = Field(default=16, ge=1, le=64)
    """Tasks among which a stage shares the studies that are due; how many run at once is decided by the workers."""
    keep_originals: bool = False
    """Whether delivered files are kept, encrypted, below `phi/` of the platform's bucket."""
    data_kind: str = "clinical"
    """What the data are, shown with every result: clinical, synthetic or semi-synthetic."""
    task: str = ""
    """The Airflow task that runs, recorded with what it writes; Airflow's tasks set it themselves."""
    worker: str = "local"
    """Name of the worker, recorded with the trainings that it runs."""
    issuer: str = ""
    """Issuer of patient identifiers where a header or a report names none; without it, such input is held."""
    authorities: tuple[str, ...] = ()
    """Namespaces or ids of the assigning authorities whose medical record numbers are used; empty accepts any."""
    identifiers: IdentifierRule = IdentifierRule()
    """How patient identifiers are compared."""
    pathology_mapping: ReadableFile | None = None
    """TOML file that names the laboratory's view and columns; unset, they are `idh_results` and its columns."""
    intake: IntakeSettings = IntakeSettings()
    """Selection of studies and series."""
    linkage: LinkageSettings = LinkageSettings()
    """Linkage of studies and reports."""
    imaging: ImagingSettings = ImagingSettings()
    """Preprocessing."""
    learning: LearningSettings = LearningSettings()
    """Training and promotion."""
