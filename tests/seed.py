"""Seeds a platform with labelled patients and patches, as after a night of preprocessing."""

from datetime import date

import numpy as np

from idh_tasks.db import identities, links, patches, reports, reviews, studies
from idh_tasks.db.identities import Identity
from idh_tasks.db.patches import PatchRecord
from idh_tasks.db.reports import ReportRecord
from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult, Report, ReportStatus
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence, Provenance
from idh_tasks.domain.study import StudyId, StudyRecord
from idh_tasks.linkage.idh_rules import WHO_2016, WHO_2021, resolve_idh_status
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.store import keys
from idh_tasks.store.arrays import array_bytes
from tests.due import settle

DAY = date(2018, 5, 1)
POSITIVE = (Assay(AssayMethod.IHC_R132H, AssayResult.POSITIVE),)
NEGATIVE = tuple(Assay(m, AssayResult.NEGATIVE) for m in (AssayMethod.IDH1_SEQUENCING, AssayMethod.IDH2_SEQUENCING))
COMPUTED = (MrSequence.RCBV, MrSequence.ADC)


def seed_cohort(platform: Platform, mutants: int, wildtypes: int, first: int = 0) -> None:
    """Add linked patients with six patches each; the RCBV patches of mutants are darker."""
    for number in range(first, first + mutants + wildtypes):
        _add_patient(platform, number, mutant=number - first < mutants)
    with platform.database.begin() as transaction:
        links.touch_noted(transaction, everyone=True)
        links.update_links(transaction, platform.settings.linkage.window_days)
        reviews.update_reviews(transaction)
    settle(platform, "prepare")


def _add_patient(platform: Platform, number: int, mutant: bool) -> None:
    key = platform.pseudonymiser.patient("H", f"{number}")
    study_id = platform.pseudonymiser.study(f"{number}")
    assays = POSITIVE if mutant else NEGATIVE
    decision = resolve_idh_status(assays)
    status = decision.status
    record = ReportRecord(
        f"report{number}", 1, key, "final", True, DAY, None, 60, decision, WHO_2016[status], WHO_2021[status],
        tuple((assay, assay.result.value) for assay in assays),
    )  # fmt: skip
    source = Report(f"{number}", 1, "H", f"{number}", None, "F", ReportStatus.FINAL, "glioblastoma", DAY, None, 60, ())
    with platform.database.begin() as transaction:
        identities.register_patient(transaction, Identity(key, "H", f"{number}", None, None, "F"))
        studies.save(transaction, StudyRecord(study_id, key, f"{number}", DAY, 60, "none", (), None))
        reports.save_reports(transaction, [(record, source)])
        patches.save(transaction, [patch(platform, study_id, number, s, mutant) for s in MODEL_SEQUENCES])


def patch(platform: Platform, study_id: StudyId, number: int, sequence: MrSequence, mutant: bool) -> PatchRecord:
    """Store a patch of random numbers, and return its record."""
    rng = np.random.default_rng([number, MODEL_SEQUENCES.index(sequence)])
    planted = -1.5 if mutant and sequence is MrSequence.RCBV else 0.0
    array = (rng.standard_normal((64, 64)) + planted).astype(np.float32)
    version = preprocessing_version(platform)
    patch_id = keys.digest(study_id, sequence, version)
    key = keys.patch(study_id, patch_id, sequence)
    provenance = Provenance.COMPUTED if sequence in COMPUTED else Provenance.ACQUIRED
    sha256 = platform.store.put(key, array_bytes(array))
    return PatchRecord(patch_id, study_id, 1, sequence, version, provenance, key, sha256, 1.0, 3, (1, 2, 3, 4), 1.0)
