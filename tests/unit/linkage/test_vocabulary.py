"""What laboratories write is normalised by a table; what is not in it is unknown."""

import pytest

from idh_tasks.domain.pathology import AssayMethod, AssayResult
from idh_tasks.linkage.vocabulary import read_method, read_result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("negative", AssayResult.NEGATIVE),
        (" Wild-type ", AssayResult.NEGATIVE),
        ("positive", AssayResult.POSITIVE),
        ("p.R132C", AssayResult.POSITIVE),
        ("IDH2 p.R172K", AssayResult.POSITIVE),
        ("R132H neg, seq pending", AssayResult.PENDING),
        ("not mutated", AssayResult.UNKNOWN),
        ("NOS", AssayResult.UNKNOWN),
        ("negatve", AssayResult.UNKNOWN),
        ("", AssayResult.UNKNOWN),
    ],
)
def test_results(text: str, result: AssayResult) -> None:
    assert read_result(text) is result


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("IDH1 R132H IHC", AssayMethod.IHC_R132H),
        ("IDH1 codon 132 sequencing", AssayMethod.IDH1_SEQUENCING),
        ("IDH2 codon 172 sequencing", AssayMethod.IDH2_SEQUENCING),
        ("TERT promoter", AssayMethod.OTHER),
    ],
)
def test_methods(text: str, method: AssayMethod) -> None:
    assert read_method(text) is method
