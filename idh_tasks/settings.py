"""Settings, validated once at the edge; those that change a result have a fingerprint."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from idh_tasks.domain.learning import Scheme, Selection
from idh_tasks.domain.sequence import Provenance

ROOT = Path(__file__).resolve().parents[1]
SQL = ROOT / "sql"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> str:
        """Return a short hash of every value, to be part of object keys and run ids."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class LinkageSettings(_Frozen):
    """How a study finds its pathology result (protocol, 'Cohort and label')."""

    window_days: int = Field(default=90, ge=0)
    age_rule: bool = False
    """IHC-negative and unsequenced at 55 or older counts as wild-type, marked provisional."""


class IdentifierRule(_Frozen):
    """How a hospital writes one identifier in several ways; 0012 and 12 are two patients unless it says so."""

    leading_zeros: bool = False
    """Whether leading zeros mean nothing."""
    check_digits: int = Field(default=0, ge=0, le=4)
    """How many digits at the end are only a check."""


class ImagingSettings(_Frozen):
    """How a study becomes patches (protocol, 'Images')."""

    patch_size: int = 64
    normalisation: Literal["brain_zscore", "tumour_mean"] = "brain_zscore"
    resample: Literal["stretch", "pad_square"] = "stretch"
    overlap_floor: float = Field(default=0.7, ge=0, le=1)
    """Dice of the heads below which a registration is refused."""
    information_floor: float = Field(default=0.05, ge=0)
    """Mutual information in nats below which a registration is refused; images of different things share none."""
    signal_to_noise_floor: float = Field(default=4.0, ge=0)
    ghosting_limit: float = Field(default=0.15, ge=0)
    """Signal of ghosts over that of the head, beyond which a series is refused."""
    movement_limit_mm: float = Field(default=3.0, ge=0)
    """Movement between the volumes of a DSC series from which it is flagged; the series stays in use."""
    drift_limit: float = Field(default=0.15, ge=0)
    """Drift of the baseline over the depth of the bolus from which a DSC series is flagged."""
    tumour_ml: tuple[float, float] = (0.2, 500.0)
    tumour_in_head_floor: float = Field(default=0.9, ge=0, le=1)
    brain_extractor: str = "classical"
    """Ours, or the name of an entry point in ``idh.brain_extractors``."""
    segmenter: str = "thresholds"
    """What proposes an outline where none was delivered: ours, or an entry point in ``idh.segmenters``."""


class LearningSettings(_Frozen):
    """How networks are trained (protocol, 'Learning')."""

    epochs: int = Field(default=500, ge=1)
    batch_size: int = Field(default=16, ge=1)
    learning_rate: float = 1e-4
    filters: tuple[int, ...] = (8, 16, 32, 64)
    dense: tuple[int, ...] = (32, 16)
    folds: int = Field(default=5, ge=2)
    scheme: Scheme = Scheme.STRATIFIED
    min_mutants: int | None = Field(default=None, ge=0)
    """Mutants that every test set must hold; without it none for `stratified`, 5 for `repeated`."""
    seed: int = 20200
    device: Literal["any", "gpu"] = "any"
    """`gpu` refuses to train without one; `any` trains on the CPU and says so."""
    locked_share: float = Field(default=0, ge=0, le=0.5)
    """Share of patients, by the hash of their pseudonym, that no network learns from; once set, it is set for good."""
    select: Selection = Selection.LAST
    patience: int = Field(default=50, ge=1)
    """Epochs without a smaller loss after which `inner` stops."""
    checkpoint_every: int = Field(default=25, ge=1)
    provenance: Literal["computed", "vendor", "mixed"] = "computed"
    retrain_after_new_cases: int = Field(default=20, ge=1)
    retrain_after_affected: int = Field(default=1, ge=1)
    """Patients of the last dataset whose label, person or study is another now (`idh linkage affected`)."""
    promotion_margin: float = Field(default=0.05, ge=0)
    """How much lower a challenger's out-of-fold AUC may be than the champion's."""
    calibration_margin: float = Field(default=0.03, ge=0)
    """How much higher its Brier score may be."""
    canary_epochs: int = Field(default=10, ge=0)
    """Epochs of a cross-validation on shuffled labels, which must not succeed; 0 leaves it out."""
    shrunk_share: float = Field(default=0.5, ge=0, le=1)
    """A cohort of less than this share of the last one is not trained on."""

    def accepts(self, provenance: Provenance) -> bool:
        """Tell whether an image of this provenance may enter the dataset."""
        return provenance is Provenance.ACQUIRED or self.provenance in ("mixed", provenance.value)


class StoreSettings(BaseModel):
    """The S3 endpoint; `drop_bucket` is the hospital's inbox, `bucket` is ours."""

    endpoint: str
    access_key: str
    secret_key: SecretStr
    bucket: str = "idh-store"
    drop_bucket: str = "idh-drop"
    drop_prefix: str = "drop/"
    pathology_bucket: str | None = None
    """The inbox of the laboratory and the registry, whose files become labels; default: `drop_bucket`."""
    pathology_prefix: str = "pathology/"
    """Prefix in that bucket for the files of the laboratory and the registry."""
    private_network: bool = False
    """Whether nobody else is on the network to the store: then neither TLS nor encryption at rest is asked for."""


class PacsSettings(BaseModel):
    """The PACS as a DICOM peer; AE titles are required on both sides."""

    host: str
    port: int
    called_aet: str
    calling_aet: str
    retrieve: Literal["C-GET", "C-MOVE"] = "C-GET"
    listen_port: int = 11112
    """Where we take the instances of a C-MOVE; the PACS must know our AE title at this port."""
    timeout_s: float = Field(default=60, gt=0)
    query_limit: int | None = None
    """How many rows the PACS returns at most: a query that returns as many is asked again in parts."""
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None


class DicomwebSettings(BaseModel):
    """A DICOMweb archive (PS3.18): QIDO-RS and WADO-RS below one address."""

    url: str
    login: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    page: int = Field(default=100, ge=1)
    timeout_s: float = Field(default=60, gt=0)


class Settings(BaseSettings):
    """Everything a pipeline needs to reach the outside; filled from Airflow or the environment."""

    model_config = SettingsConfigDict(env_prefix="IDH_", env_nested_delimiter="__", extra="ignore", frozen=True)

    database_url: SecretStr
    pathology_url: SecretStr | None = None
    pseudonym_key: SecretStr
    store: StoreSettings
    pacs: PacsSettings | None = None
    dicomweb: DicomwebSettings | None = None
    keep_originals: bool = False
    """Whether delivered files are kept, encrypted, below phi/ of the bucket."""
    data_kind: str = "clinical"
    """What the data are; shown wherever a result stands: clinical, synthetic or semi-synthetic."""
    issuer: str = ""
    """Whose identifiers these are where a header or a report does not say; without it such a one is held."""
    identifiers: IdentifierRule = IdentifierRule()
    pathology_mapping: Path | None = None
    """A TOML file that names the laboratory's view and columns; ours are expected without it."""
    linkage: LinkageSettings = LinkageSettings()
    imaging: ImagingSettings = ImagingSettings()
    learning: LearningSettings = LearningSettings()
