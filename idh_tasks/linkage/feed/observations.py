"""Sorts the observations of a report into assays, diagnosis and date of surgery."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

SURGERY = re.compile(
    r"date of surgery|surgery date|op-?datum|data (dell')?intervento|date d.op[ée]ration|fecha de .*cirug", re.I
)
DIAGNOSIS = re.compile(r"22637-3|diagnos", re.IGNORECASE)
"""LOINC 22637-3: pathology report final diagnosis."""
ASSAY = re.compile(r"idh|isocitrat|r132|r172|[ck]od[oó]ne?\W*(132|172)", re.IGNORECASE)

COMMENT = re.compile(
    r"22638-1|22639-9|comment|kommentar|comentario|remark|remarque|bemerkung|anmerkung|addend|nachtrag|supplement"
    r"|osservazion|observaci|\bnot(?:e|es|iz|a|as|izen)\b",
    re.IGNORECASE,
)
"""Names of comments; LOINC 22638-1 and 22639-9: comments on and supplements to a pathology report."""
MISTAKE = re.compile(
    r"retract|withdr|revo[ck]|swap|mix(?:ed)?[ -]?up|wrong|err(?:or|eu|at|on|ón)|invalid|ungültig|superse|correct"
    r"|korri?g|corr[ei][gt]|widerr|zurückge|verwechs|vertausch|falsch|storn|annul|anul|retir|ritir|scambi|intercambi"
    r"|interverti",
    re.IGNORECASE,
)
"""Words for results that do not hold, in five languages."""


class ObservationKind(StrEnum):
    """What an observation is about."""

    SURGERY = "surgery"
    DIAGNOSIS = "diagnosis"
    ASSAY = "assay"
    OTHER = "other"


class ObservationState(StrEnum):
    """What the sender says of a result: only a final one counts."""

    FINAL = "final"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Observation:
    """One named value of a report."""

    name: str
    value: str
    state: ObservationState = ObservationState.FINAL

    @property
    def kind(self) -> ObservationKind:
        """Return what it is about, by its name."""
        return observation_kind(self.name)

    def __repr__(self) -> str:
        return f"Observation({self.kind}, {self.state})"


def observation_kind(name: str) -> ObservationKind:
    """Return what an observation of this name is about."""
    kinds = (
        (SURGERY, ObservationKind.SURGERY),
        (DIAGNOSIS, ObservationKind.DIAGNOSIS),
        (ASSAY, ObservationKind.ASSAY),
    )
    return next((kind for pattern, kind in kinds if pattern.search(name)), ObservationKind.OTHER)


def report_rows(report: dict[str, object], observations: Sequence[Observation]) -> Iterator[dict[str, object]]:
    """Yield one row per assay, as in a table; a report without assays has one row.

    Every text of the diagnosis counts, in its order. Two different dates of surgery give a text that is no date, so
    that the report is rejected by the name of the column.
    """
    stated = [o for o in observations if o.state is not ObservationState.WITHDRAWN]
    columns = report | {"diagnosis": _diagnosis(stated), "surgery_date": _surgery_date(stated)}
    assays = [o for o in stated if o.kind is ObservationKind.ASSAY]
    for assay in assays or [Observation("", "")]:
        yield columns | {"method": assay.name, "result": _result(assay)}


def _diagnosis(stated: Sequence[Observation]) -> str:
    """Return the joined diagnosis; while a part of it is pending, none."""
    parts = [o for o in stated if o.kind is ObservationKind.DIAGNOSIS]
    if any(part.state is ObservationState.PENDING for part in parts):
        return ""
    return " ".join(filter(None, dict.fromkeys(part.value for part in parts)))


def _surgery_date(stated: Sequence[Observation]) -> str:
    dates = [o.value for o in stated if o.kind is ObservationKind.SURGERY and o.state is ObservationState.FINAL]
    return "; ".join(filter(None, dict.fromkeys(dates)))


def _result(assay: Observation) -> str:
    return "pending" if assay.state is ObservationState.PENDING else assay.value
