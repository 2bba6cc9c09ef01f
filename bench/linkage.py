"""Time to link studies to reports in PostgreSQL, compared with merging and filtering in pandas by the same rules."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.db import links, reviews
from idh_tasks.domain.role import Role
from idh_tasks.local import postgres
from idh_tasks.local.installation import Installation
from idh_tasks.local.up import settings
from idh_tasks.pipelines.platform import Platform

SIZES = (1_000, 10_000, 100_000)
WINDOW = 90

POPULATE = """
TRUNCATE idh.patient CASCADE;
INSERT INTO idh.patient (patient_key, sex)
SELECT md5('p' || n), CASE n % 2 WHEN 0 THEN 'F' ELSE 'M' END FROM generate_series(1, :n) AS n;
INSERT INTO phi.patient_identity (patient_key, issuer, identifier, birth_date, shift_days)
SELECT md5('p' || n), 'H', n::text, date '1940-01-01' + n % 15000, n % 365 FROM generate_series(1, :n) AS n;
INSERT INTO idh.study (study_id, patient_key, content_hash, study_date, age_years, manufacturer)
SELECT md5('s' || n), md5('p' || (n * 11 % (:n * 7 / 10) + 1)), '', date '2018-01-01' + n % 300, 60, ''
FROM generate_series(1, :n) AS n;
INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances)
SELECT md5('s' || n), 1, s, s, 'high', '', '', '', 1
FROM generate_series(1, :n) AS n, unnest(ARRAY['T1', 'T2', 'FLAIR']) AS s WHERE n % 5 > 0 OR s = 'T1';
INSERT INTO idh.report (report_key, version, patient_key, report_status, glioblastoma, surgery_date, idh_status, rule,
    evidence, who_2016, who_2021)
SELECT md5('r' || n), v, md5('p' || (n * 13 % (:n * 7 / 10) + 1)),
    CASE WHEN n % 20 = 0 THEN 'preliminary' ELSE 'final' END,
    n % 11 > 0, date '2018-01-01' + n * 13 % 330,
    CASE (n * 31 + v) % 6 WHEN 0 THEN 'mutant' WHEN 1 THEN 'indeterminate' ELSE 'wildtype' END, '', '', '', ''
FROM generate_series(1, :n) AS n, generate_series(1, 2) AS v WHERE v = 1 OR n % 10 = 0;
INSERT INTO phi.report_source (report_key, version, report_id, issuer, patient_id, birth_date, sex, reported)
SELECT r.report_key, r.version, '', 'H', '', i.birth_date, p.sex, '{}'
FROM idh.report AS r JOIN phi.patient_identity AS i USING (patient_key) JOIN idh.patient AS p USING (patient_key);
ANALYZE
"""

TABLES = {
    "study": "SELECT t.study_id, t.patient_key, t.study_date + i.shift_days AS study_day, i.birth_date, p.sex "
    "FROM idh.study t JOIN phi.patient_identity i USING (patient_key) JOIN idh.patient p USING (patient_key)",
    "series": "SELECT study_id, sequence FROM idh.series "
    "WHERE confidence = 'high' AND sequence <> 'OTHER' AND code IS NULL",
    "report": "SELECT r.report_key, r.version, r.patient_key, r.report_status, r.glioblastoma, r.idh_status, "
    "r.surgery_date + i.shift_days AS surgery_day, s.birth_date, s.sex FROM idh.report r "
    "JOIN phi.patient_identity i USING (patient_key) JOIN phi.report_source s USING (report_key, version)",
}


def engine_of(platform: Platform) -> Engine:
    """Return a connection of the benchmark's own to the platform's database."""
    return create_engine(platform.settings.database_url.get_secret_value(), poolclass=NullPool)


def by_pandas(platform: Platform) -> pd.DataFrame:
    """Link by merging and filtering tables in pandas; the same rules, for patients without merges or answers."""
    with engine_of(platform).connect() as connection:
        study, series, report = (pd.read_sql(text(sql), connection) for sql in TABLES.values())
    report = report.sort_values("version").drop_duplicates("report_key", keep="last")
    decided = report[(report.report_status == "final") & (report.idh_status != "indeterminate")]
    conflicting = decided.groupby("patient_key").idh_status.nunique()
    study = study.merge(series.groupby("study_id").sequence.nunique().rename("sequences").reset_index(), how="left")
    pairs = study.merge(report, on="patient_key", suffixes=("", "_reported"))
    before = (pd.to_datetime(pairs.surgery_day) - pd.to_datetime(pairs.study_day)).dt.days
    fits = (
        (pairs.report_status == "final")
        & (pairs.birth_date == pairs.birth_date_reported)
        & (pairs.sex == pairs.sex_reported)
        & ~pairs.patient_key.isin(conflicting.index[conflicting > 1])
        & pairs.glioblastoma
        & before.between(0, WINDOW)
    )
    pairs = pairs.assign(before=before, decided=pairs.idh_status != "indeterminate", fits=fits)
    order = ["fits", "decided", "sequences", "study_day", "before", "study_id", "report_key"]
    upward = [False, False, False, False, True, True, True]
    ranked = pairs.sort_values(order, ascending=upward).drop_duplicates("patient_key")
    linked = ranked[ranked.fits]
    best = pairs[pairs.fits].merge(linked[["patient_key", "decided", "sequences", "study_day"]])
    tied = best.groupby("patient_key").study_id.nunique()
    columns = ["patient_key", "study_id", "report_key", "idh_status"]
    return linked[~linked.patient_key.isin(tied.index[tied > 1])][columns]


def rules_only(platform: Platform) -> None:
    """Derive every candidate and the rule that accepts or refuses it; nothing is stored."""
    with platform.database.begin() as transaction:
        links.touch_noted(transaction, everyone=True)
        links.derive_links(transaction, WINDOW)


def stored_by_sql(platform: Platform) -> None:
    """Bring every link and every question up to date."""
    with platform.database.begin() as transaction:
        links.touch_noted(transaction, everyone=True)
        links.update_links(transaction, WINDOW)
        reviews.update_reviews(transaction)


def stored_by_pandas(platform: Platform) -> None:
    """Link in pandas and store the chosen pairs only, in a table with the same keys."""
    linked = by_pandas(platform)
    with engine_of(platform).begin() as connection:
        copy = "CREATE TEMP TABLE linked_by_pandas (LIKE idh.case_link INCLUDING ALL) ON COMMIT DROP"
        connection.execute(text(copy))
        rows = linked.assign(report_version=1, code="OK", chosen=True)
        rows.to_sql("linked_by_pandas", connection, if_exists="append", index=False, method="multi", chunksize=1000)


def seconds(work: Callable[[Platform], object], platform: Platform) -> float:
    """Return the time of one call in seconds."""
    started = time.perf_counter()
    work(platform)
    return time.perf_counter() - started


def chosen(platform: Platform) -> set[tuple[str, ...]]:
    """Return the pairs that PostgreSQL chose."""
    with engine_of(platform).connect() as connection:
        listing = "SELECT patient_key, study_id, report_key, idh_status FROM idh.case_link WHERE chosen"
        return {tuple(row) for row in connection.execute(text(listing))}


def plan(platform: Platform) -> list[str]:
    """Return the scans, with their indexes, by which one patient's reports and links are looked up."""
    lookups = (
        "SELECT * FROM phi.current_report WHERE report_key = md5('r1')",
        "SELECT * FROM idh.case_link WHERE patient_key = md5('p1') AND chosen",
        "SELECT DISTINCT ON (report_key) * FROM idh.report ORDER BY report_key, version DESC",
    )
    with engine_of(platform).connect() as connection:
        rows = [row for lookup in lookups for row in connection.execute(text(f"EXPLAIN {lookup}")).scalars()]
    return [row.strip() for row in rows if "Scan" in row]


def measure(platform: Platform, size: int) -> None:
    """Measure both ways at one size, and print the times."""
    with engine_of(platform).begin() as connection:
        connection.execute(text(POPULATE), {"n": size})
    rules, merge = seconds(rules_only, platform), seconds(by_pandas, platform)
    first, again = seconds(stored_by_sql, platform), seconds(stored_by_sql, platform)
    written = seconds(stored_by_pandas, platform)
    linked = chosen(platform)
    same = linked == {tuple(row) for row in by_pandas(platform).itertuples(index=False)}
    print(f"{size:7} studies and as many reports; {len(linked)} linked, the same by both: {same}")
    for name, sql_s, pandas_s in (("rules only", rules, merge), ("and stored", first, written)):
        print(f"  {name:12} PostgreSQL {sql_s:6.2f} s  pandas {pandas_s:6.2f} s  ratio {pandas_s / sql_s:.2f}")
    print(f"  nothing new  PostgreSQL {again:6.2f} s")


def main() -> None:
    """Measure both ways at every size, on a PostgreSQL of the benchmark's own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        installation = Installation(Path(folder))
        postgres.start(installation)
        platform = Platform(settings(installation, Role.OWNER))
        platform.database.migrate()
        for size in SIZES:
            measure(platform, size)
        print("plan at the largest size:", *plan(platform), sep="\n  ")
        postgres.stop(installation)


if __name__ == "__main__":
    main()
