"""What laboratories write is normalised by a table; a text outside the table is unknown."""

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
        ("negativ", AssayResult.NEGATIVE),
        ("negativo", AssayResult.NEGATIVE),
        ("négatif", AssayResult.NEGATIVE),
        ("R132H negative", AssayResult.NEGATIVE),
        ("IDH1 wild-type", AssayResult.NEGATIVE),
        ("Wildtyp", AssayResult.NEGATIVE),
        ("tipo selvaggio", AssayResult.NEGATIVE),
        ("type sauvage", AssayResult.NEGATIVE),
        ("tipo salvaje", AssayResult.NEGATIVE),
        ("No mutation detected", AssayResult.NEGATIVE),
        ("keine Mutation nachgewiesen", AssayResult.NEGATIVE),
        ("nessuna mutazione rilevata", AssayResult.NEGATIVE),
        ("aucune mutation détectée", AssayResult.NEGATIVE),
        ("sin mutación", AssayResult.NEGATIVE),
        ("Mutation nicht nachgewiesen", AssayResult.NEGATIVE),
        ("focally positive", AssayResult.POSITIVE),
        ("diffus positiv", AssayResult.POSITIVE),
        ("positivo", AssayResult.POSITIVE),
        ("positif", AssayResult.POSITIVE),
        ("mutiert", AssayResult.POSITIVE),
        ("mutato", AssayResult.POSITIVE),
        ("muté", AssayResult.POSITIVE),
        ("mutado", AssayResult.POSITIVE),
        ("mutation detected", AssayResult.POSITIVE),
        ("mutazione rilevata", AssayResult.POSITIVE),
        ("R132H mutation", AssayResult.POSITIVE),
        ("IDH1 p.(Arg132His)", AssayResult.POSITIVE),
        ("c.395G>A p.R132H", AssayResult.POSITIVE),
        ("c.515G>A (p.Arg172Lys)", AssayResult.POSITIVE),
        ("R172K", AssayResult.POSITIVE),
        ("seq. ausstehend", AssayResult.PENDING),
        ("in attesa", AssayResult.PENDING),
        ("en attente", AssayResult.PENDING),
        ("pendiente", AssayResult.PENDING),
        ("VUS", AssayResult.UNKNOWN),
        ("variant of uncertain significance", AssayResult.UNKNOWN),
        ("no mutation of certain, VUS R100Q", AssayResult.UNKNOWN),
        ("R100Q", AssayResult.UNKNOWN),
        ("Variante unklarer Signifikanz", AssayResult.UNKNOWN),
        ("nicht auswertbar", AssayResult.UNKNOWN),
        ("nicht mutiert", AssayResult.UNKNOWN),
        ("positive?", AssayResult.UNKNOWN),
        ("negative for R132H, positive for R132C", AssayResult.UNKNOWN),
    ],
)
def test_p04_a_result_is_read_as_the_table_states(text: str, result: AssayResult) -> None:
    assert read_result(text) is result


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("IDH1 R132H IHC", AssayMethod.IHC_R132H),
        ("IDH1 codon 132 sequencing", AssayMethod.IDH1_SEQUENCING),
        ("IDH2 codon 172 sequencing", AssayMethod.IDH2_SEQUENCING),
        ("TERT promoter", AssayMethod.OTHER),
        ("Immunhistochemie", AssayMethod.IHC_R132H),
        ("NGS panel", AssayMethod.NGS_PANEL),
        ("IDH1/IDH2 sequencing", AssayMethod.NGS_PANEL),
        ("IDH1 and IDH2 Sanger", AssayMethod.NGS_PANEL),
        ("IDH1 Sanger", AssayMethod.IDH1_SEQUENCING),
        ("IDH-2 pyrosequencing", AssayMethod.IDH2_SEQUENCING),
    ],
)
def test_a_method_is_read_as_the_table_states(text: str, method: AssayMethod) -> None:
    assert read_method(text) is method
