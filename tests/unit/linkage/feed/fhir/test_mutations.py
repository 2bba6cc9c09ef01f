"""Files with one element deleted or changed: no crash, no other patient, and never the opposite label."""

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import Report
from idh_tasks.errors import IdhError
from idh_tasks.linkage.feed.files import read_file
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays
from tests.unit.linkage.feed.fhir.bundles import (
    SNOMED,
    bundle,
    coded,
    negatives,
    observation,
    patient,
    procedure,
    report,
    specimen,
    variant,
)

Path = tuple[str | int, ...]
NAMED = {"specimen": [{"reference": "Specimen/s"}]}
IDH1, IDH2 = "HGNC:5382", "HGNC:5383"
MUTANT = [
    bundle(patient(), observation("a", "IDH1 R132H IHC", valueString="positive"), procedure(), report("a")),
    bundle(patient(), specimen(), procedure(), variant("a", IDH1, protein="p.Arg132His"), report("a", **NAMED)),
]
WILDTYPE = [
    bundle(patient(), specimen(), procedure(), *negatives(), report("a", "b", **NAMED)),
    bundle(
        patient(),
        *negatives(valueString=None, valueCodeableConcept=coded(SNOMED, "260385009", "Negative")),
        report("a", "b"),
    ),
    bundle(patient(), variant("a", IDH1, present=False), variant("b", IDH2, present=False), report("a", "b")),
]
FILES = [(content, "wildtype") for content in MUTANT] + [(content, "mutant") for content in WILDTYPE]
"""Files, and the label that no change of one element may give."""
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", " ", "x", 0, -1, True, [], {}, [None], [{}], {"x": 1}, "2019", "#", "Patient/p"]
)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from paths(child, (*path, name))


def holder(raw: Any, path: Path) -> Any:
    for name in path[:-1]:
        raw = raw[name]
    return raw


def reports(raw: Any) -> tuple[Report, ...]:
    with contextlib.suppress(IdhError):
        return read_file("page.json", json.dumps(raw).encode(), "H").reports
    return ()


def labels(raw: Any) -> set[str]:
    read = reports(raw)
    return {
        resolve_idh_status([one for a in report.assays for one in read_assays(a.method, a.result)]).status.value
        for report in read
    }


@pytest.mark.parametrize(("content", "opposite"), FILES, ids=range(len(FILES)))
def test_whatever_one_deletes_the_label_never_becomes_its_opposite(content: bytes, opposite: str) -> None:
    raw = json.loads(content)
    assert labels(raw) == {"mutant" if opposite == "wildtype" else "wildtype"}
    for path in paths(raw):
        changed = copy.deepcopy(raw)
        del holder(changed, path)[path[-1]]
        assert opposite not in labels(changed), path
        assert {one.patient_id for one in reports(changed)} <= {"0012"}


@given(st.sampled_from(FILES), st.data())
def test_whatever_one_changes_the_label_never_becomes_its_opposite(
    file: tuple[bytes, str], data: st.DataObject
) -> None:
    content, opposite = file
    raw = json.loads(content)
    path = data.draw(st.sampled_from(list(paths(raw))))
    holder(raw, path)[path[-1]] = data.draw(JUNK)
    assert opposite not in labels(raw)
