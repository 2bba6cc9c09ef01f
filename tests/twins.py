"""Gives two patients of a seeded cohort the same image."""

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.leak_checks import twin_of
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.arrays import array_bytes, read_array
from tests.database import run_sql

SHOWN_IN = (MrSequence.ADC, MrSequence.T1)
"""The sequences, of six, in which they have it."""
PATCH = """
SELECT p.object_key FROM idh.patch AS p JOIN idh.study AS t USING (study_id)
WHERE t.patient_key = :patient AND p.sequence = :sequence
"""
SAME = "UPDATE idh.patch SET sha256 = :sha256 WHERE object_key = :key"


def make_twins(platform: Platform) -> list[str]:
    """Replace patches of one patient by noisy ones of another, and return both in order."""
    patients = [platform.pseudonymiser.patient("H", number) for number in ("2", "9")]
    for sequence in SHOWN_IN:
        first, second = (
            key for patient in patients for (key,) in run_sql(platform, PATCH, patient=patient, sequence=sequence)
        )
        sha256 = platform.store.put(second, array_bytes(twin_of(read_array(platform.store.get(first)), seed=1)))
        run_sql(platform, SAME, key=second, sha256=sha256)
    return sorted(patients)
