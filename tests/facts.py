"""Random changes of everything that links are derived from, written straight into the tables."""

import random
from typing import Any

from tests.database import run_sql

PATIENTS = [f"p{n}" for n in range(9)]
STUDIES, REPORTS = [f"s{n}" for n in range(9)], [f"r{n}" for n in range(8)]
SEQUENCES, LABELS = ["T1", "T2", "ADC"], ["mutant", "wildtype", "indeterminate"]
BIRTHS = ["1950-01-01", "1960-02-02"]

PATIENT = """
INSERT INTO idh.patient (patient_key, sex) VALUES (:patient, :sex)
ON CONFLICT (patient_key) DO UPDATE SET sex = coalesce(patient.sex, excluded.sex)
"""
IDENTITY = """
INSERT INTO phi.patient_identity (patient_key, issuer, identifier, birth_date, shift_days)
VALUES (:patient, :issuer, :identifier, CAST(:birth AS date), 0)
ON CONFLICT (patient_key) DO UPDATE SET birth_date = excluded.birth_date
"""
STUDY = """
INSERT INTO idh.study (study_id, patient_key, content_hash, study_date, age_years, manufacturer)
VALUES (:study, :patient, '', date '2018-06-01' - CAST(:back AS integer), :age, '')
ON CONFLICT (study_id) DO UPDATE SET
    patient_key = excluded.patient_key, study_date = excluded.study_date, revision = study.revision + :revised
"""
SERIES = """
INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances)
SELECT t.study_id, t.revision, :sequence, :sequence, :confidence, '', '', '', 1
FROM idh.study AS t WHERE t.study_id = :study
ON CONFLICT (study_id, revision, series_id) DO UPDATE SET confidence = excluded.confidence
"""
REPORT = """
INSERT INTO idh.report (report_key, version, patient_key, report_status, glioblastoma, surgery_date, idh_status, rule,
    evidence, who_2016, who_2021, content_hash)
SELECT :report, coalesce(max(r.version), 0) + 1, :patient, :status, :glioblastoma,
    date '2018-06-01' + CAST(:after AS integer), :label, :rule, '', '', '', md5(random()::text)
FROM idh.report AS r WHERE r.report_key = :report
"""
SOURCE = """
INSERT INTO phi.report_source (report_key, version, report_id, issuer, patient_id, birth_date, sex, reported)
SELECT r.report_key, r.version, r.report_key, :issuer, :identifier, CAST(:birth AS date), :sex, '{"a": 1}'
FROM idh.report AS r WHERE r.report_key = :report
ON CONFLICT DO NOTHING
"""
UNSETTLED = "DELETE FROM idh.report_standing WHERE report_key = :report"
MERGE = """
INSERT INTO idh.merge_event (event_id, prior_key, surviving_key, undone, effective_at, source)
SELECT md5(random()::text), p.patient_key, s.patient_key, :undone, now(), 'registry'
FROM idh.patient AS p, idh.patient AS s WHERE p.patient_key = :patient AND s.patient_key = :other
"""
ANSWER = """
UPDATE idh.review SET answer = options[1 + :chosen % cardinality(options)], answered_by = 'mary', answered_at = now()
WHERE review_id = (
    SELECT review_id FROM idh.review WHERE answer IS NULL AND NOT moot ORDER BY md5(review_id || :chosen) LIMIT 1
)
"""
REOPEN = """
UPDATE idh.review SET answer = NULL, answered_by = NULL, answered_at = NULL
WHERE review_id = (SELECT review_id FROM idh.review WHERE answer IS NOT NULL ORDER BY md5(review_id || :chosen) LIMIT 1)
"""
EXCLUDE = """
INSERT INTO idh.study_exclusion (study_id, fault, excluded_by, reason)
SELECT t.study_id, 'motion', 'mary', 'a reason' FROM idh.study AS t WHERE t.study_id = :study ON CONFLICT DO NOTHING
"""
TAKE_IN = "UPDATE idh.study_exclusion SET ended_at = now() WHERE study_id = :study AND ended_at IS NULL"
DOUBT = """
INSERT INTO idh.owner_doubt (study_id, code, reason, stated)
SELECT t.study_id, 'E_ID_CHANGED', 'a reason', '' FROM idh.study AS t WHERE t.study_id = :study ON CONFLICT DO NOTHING
"""
AGREE = "DELETE FROM idh.owner_doubt WHERE study_id = :study"
PATCH = """
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256, code,
    reason)
SELECT concat_ws(' ', t.study_id, t.revision, CAST(:sequence AS text)), t.study_id, t.revision, :sequence, :version,
    'acquired', CASE WHEN CAST(:code AS text) IS NULL THEN 'patches/x' END, '', :code,
    CASE WHEN CAST(:code AS text) IS NOT NULL THEN 'a reason' END
FROM idh.study AS t WHERE t.study_id = :study
ON CONFLICT (study_id, revision, sequence, settings_hash) DO UPDATE SET
    code = excluded.code, reason = excluded.reason, object_key = excluded.object_key
"""
MEMBERS = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES (:dataset, '{}') ON CONFLICT DO NOTHING;
INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
SELECT :dataset, p.sequence, l.patient_key, p.patch_id, l.idh_status = 'mutant', l.report_key, l.report_version
FROM idh.case_link AS l
JOIN idh.study AS t ON t.study_id = l.study_id
JOIN idh.patch AS p ON p.study_id = t.study_id AND p.revision = t.revision AND p.code IS NULL
WHERE l.chosen AND l.idh_status <> 'indeterminate'
ON CONFLICT DO NOTHING
"""
Statement = tuple[str, dict[str, Any]]


class Facts:
    """Draws one change after the other and writes it to a database."""

    def __init__(self, url: str, seed: int, version: str) -> None:
        self._url, self._chance, self._version = url, random.Random(seed), version

    def begin(self) -> None:
        """Give every patient a study and, but for the last, a report that fits it."""
        for number, patient in enumerate(PATIENTS):
            known = {"issuer": f"H{number % 2}", "identifier": f"A{number // 2}", "birth": BIRTHS[number % 2]}
            study = {"study": STUDIES[number], "patient": patient, "back": 5, "age": 50 + number, "revised": 0}
            cut = {"study": STUDIES[number], "code": None, "version": self._version}
            self._write((PATIENT, {"patient": patient, "sex": "F"}), (IDENTITY, {"patient": patient} | known))
            self._write((STUDY, study), *((PATCH, cut | {"sequence": sequence}) for sequence in SEQUENCES))
            series = {"study": STUDIES[number], "confidence": "high"}
            self._write(*((SERIES, series | {"sequence": sequence}) for sequence in SEQUENCES))
            if number < len(REPORTS):
                report = {"report": REPORTS[number], "patient": patient, "label": LABELS[number % 2], "rule": "R1"}
                stated = {"status": "final", "glioblastoma": True, "after": 3}
                self._write((REPORT, report | stated), (SOURCE, {"report": REPORTS[number], "sex": "F"} | known))

    def change(self) -> None:
        """Write one change."""
        self._write(*self._drawn())

    def _write(self, *statements: Statement) -> None:
        for statement, values in statements:
            run_sql(self._url, statement, **values)

    def _drawn(self) -> list[Statement]:
        kinds = [self._study, self._series, self._merge, self._decide, self._answer, self._freeze]
        return self._chance.choice([*kinds, self._study, *[self._report] * 3, self._answer, *[self._patch] * 3])()

    def _study(self) -> list[Statement]:
        pick, patient = self._chance.choice, self._patient()
        study = {"study": pick(STUDIES), "patient": patient, "back": pick([0, 5, 5, 95]), "age": pick([None, 50.5, 61])}
        return [
            (PATIENT, {"patient": patient, "sex": pick([self._sex(), None])}),
            (IDENTITY, {"patient": patient} | self._known(patient)),
            (STUDY, study | {"revised": pick([0, 1])}),
            *self._series(),
        ]

    def _series(self) -> list[Statement]:
        pick = self._chance.choice
        series = {"study": pick(STUDIES), "sequence": pick(SEQUENCES), "confidence": pick(["high", "high", "low"])}
        return [(SERIES, series)]

    def _report(self) -> list[Statement]:
        pick, patient, report = self._chance.choice, self._patient(), self._chance.choice(REPORTS)
        label = pick(LABELS)
        stated = {
            "status": pick(["final", "final", "final", "preliminary"]), "glioblastoma": pick([True, True, None, False]),
            "after": pick([0, 3, 6]), "label": label, "rule": "unclear" if label == "indeterminate" else "R1",
        }  # fmt: skip
        return [
            (PATIENT, {"patient": patient, "sex": None}),
            (REPORT, {"report": report, "patient": patient} | stated),
            (SOURCE, {"report": report, "sex": self._sex()} | self._known(patient)),
            (UNSETTLED, {"report": report}),
        ]

    def _merge(self) -> list[Statement]:
        patient, other = self._chance.sample(PATIENTS, 2)
        return [(MERGE, {"patient": patient, "other": other, "undone": self._chance.choice([False, False, True])})]

    def _decide(self) -> list[Statement]:
        decision = self._chance.choice([EXCLUDE, TAKE_IN, DOUBT, AGREE])
        return [(decision, {"study": self._chance.choice(STUDIES)})]

    def _answer(self) -> list[Statement]:
        return [(self._chance.choice([ANSWER, ANSWER, REOPEN]), {"chosen": self._chance.randrange(1000)})]

    def _patch(self) -> list[Statement]:
        pick = self._chance.choice
        cut = {"study": pick(STUDIES), "sequence": pick(SEQUENCES), "version": self._version}
        return [(PATCH, cut | {"code": pick([None, None, "E_NO_ROI", "W_ROI_PROPOSED"])})]

    def _freeze(self) -> list[Statement]:
        return [(MEMBERS, {"dataset": self._chance.choice(["d1", "d2"])})]

    def _patient(self) -> str:
        return self._chance.choice(PATIENTS)

    def _sex(self) -> str:
        return self._chance.choice(["F"] * 9 + ["M"])

    def _known(self, patient: str) -> dict[str, Any]:
        """Return what is stated of a patient, sometimes wrongly; two patients differ in the letters alone."""
        number = PATIENTS.index(patient)
        born = self._chance.choice([*[BIRTHS[number % 2]] * 6, *BIRTHS])
        return {"issuer": f"H{number % 2}", "identifier": f"{'A' * (number % 3)}{number // 2}", "birth": born}
