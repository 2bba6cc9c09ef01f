"""Reads from the platform's database what it says about the instances of the archive, for the oracle."""

from collections.abc import Sequence

from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import stored_instances
from tests.pacs_table import oracle
from tests.pacs_table.rows import SeriesRow, StudyRow

OWNERS = "SELECT study_id, patient_key FROM idh.study"
EXCLUDED = "SELECT study_token FROM idh.excluded_study WHERE source = 'pacs'"
HELD = """
SELECT locator FROM phi.inbox WHERE source = 'pacs' GROUP BY locator
HAVING (array_agg(state ORDER BY finished_at DESC NULLS LAST))[1] = 'quarantined'
"""


def read_state(platform: Platform, studies: Sequence[tuple[StudyRow, Sequence[SeriesRow]]]) -> oracle.Platform:
    """Return what the platform says about these studies."""
    secret = platform.pseudonymiser
    stored = stored_instances(platform)
    owners = dict(run_sql(platform, OWNERS))
    excluded = {token for (token,) in run_sql(platform, EXCLUDED)} if _has_exclusions(platform) else set()
    filed = {study.study_uid: secret.patient(study.issuer, study.patient_id) for study, _ in studies}
    return oracle.Platform(
        stored=frozenset(
            uid for _, series in studies for one in series for uid in one.instance_uids() if secret.uid(uid) in stored
        ),
        held=frozenset(locator for (locator,) in run_sql(platform, HELD)),
        excluded=frozenset(uid for uid in filed if secret.token("listed study", uid) in excluded),
        misfiled=frozenset(uid for uid, patient in filed.items() if owners.get(secret.study(uid), patient) != patient),
    )


def _has_exclusions(platform: Platform) -> bool:
    return run_sql(platform, "SELECT to_regclass('idh.excluded_study') IS NOT NULL") == [(True,)]
