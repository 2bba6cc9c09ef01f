"""Which diagnoses are glioblastoma in the paper's sense, under their WHO 2016 and WHO 2021 names."""

import pytest

from idh_tasks.linkage.diagnosis import is_glioblastoma


@pytest.mark.parametrize(
    "text",
    ["Glioblastoma", "GBM", "Glioblastoma multiforme", "Glioblastom, IDH-Wildtyp", "glioblastome",
     "glioblastoma NOS", "Glioblastoma, not otherwise specified", "Glioblastoma, IDH not mutated", "9440/3",
     "63634009", "Astrocytoma, IDH-mutant, CNS WHO grade 4", "Astrozytom, IDH-mutiert, ZNS-WHO Grad 4",
     "astrocitoma IDH-mutato, grado 4", "Glioblastoma, left temporal lobe, WHO grade IV",
     "Glioblastoma, IDH-wildtype\nCNS WHO grade 4", "Glioblastom WHO Grad IV, rechts frontal",
     "Glioblastoma, WHO grade 4 C71.2 9440/3",
     "Glioblastoma multiforme (WHO grade IV) of the right frontal lobe",
     "Glioblastom, IDH-Wildtyp, ZNS-WHO-Grad 4, MGMT-Promotor methyliert",
     "Glioblastome, IDH sauvage, grade 4 OMS", "Glioblastoma, IDH wild-type, lóbulo temporal izquierdo",
     "Glioblastoma temporale destro, IDH wild-type, grado 4 OMS", "Giant cell glioblastoma",
     "glioblastoma C71.2", "Glioblastoma, IDH1 and IDH2 wild-type, TERT promoter mutated, EGFR amplified",
     "Glioblastoma IDH-wildtype CNS WHO grade 4", "Glioblastoma 9440/3",
     "Glioblastom links temporal, WHO Grad IV°", "Glioblastoma, IDH no mutado, grado 4 de la OMS",
     "Glioblastome, grade 4 de l'OMS", "Gliosarcoma, WHO grade IV", "Gliosarkom, IDH-Wildtyp, ZNS-WHO-Grad 4",
     "Riesenzellglioblastom", "Glioblastome à cellules géantes", "Epithelioid glioblastoma", "9441/3", "9442/3"],
)  # fmt: skip
def test_a_glioblastoma_is_recognised_by_either_name(text: str) -> None:
    assert is_glioblastoma(text) is True


@pytest.mark.parametrize(
    "text",
    ["Meningioma", "Oligodendroglioma, grade 3", "Metastasis", "astrocytoma, grade 2",
     "Anaplastic astrocytoma, IDH-mutant", "Astrocytoma, IDH-mutant, CNS WHO grade 3",
     "Oligodendroglioma, IDH-mutant and 1p/19q-codeleted", "Metastase eines Bronchialkarzinoms",
     "Meningeom WHO Grad 1", "Diffuse large B-cell lymphoma", "Pilozytisches Astrozytom",
     "Meningioma D32.0 9530/0", "Anaplastisches Oligodendrogliom, IDH-mutiert, 1p/19q-kodeletiert, WHO Grad III",
     "Metastasis of non-small cell lung cancer", "Metastasi di adenocarcinoma polmonare",
     "Metástasis de carcinoma de mama", "Métastase cérébrale d'un adénocarcinome bronchique",
     "Primäres ZNS-Lymphom, diffus großzelliges B-Zell-Lymphom", "Medulloblastoma, SHH-activated, CNS WHO grade 4",
     "Pilocytic astrocytoma, IDH wild-type", "Astrocytome anaplasique, IDH muté, grade III OMS"],
)  # fmt: skip
def test_another_tumour_is_not_glioblastoma(text: str) -> None:
    assert is_glioblastoma(text) is False


@pytest.mark.parametrize(
    "text",
    ["", "no evidence of glioblastoma", "Kein Glioblastom", "V.a. Glioblastom", "GBM?",
     "glioblastoma vs metastasis", "Glioblastoma\nruled out", "recurrent glioblastoma", "Glioblastom-Rezidiv",
     "history of glioblastoma", "metastasis, not glioblastoma", "DD Glioblastom",
     "no glioblastoma with IDH mutation", "Glioblastoma, WHO grade 2", "glioma", "High-grade glioma",
     "astrocytoma", "Astrocytoma grade 3 or 4", "Glioblastoma, excluded", "possible glioblastoma",
     "Glioblastom nicht nachgewiesen", "Glioblastoma not detected", "Glioblastoma: no",
     "Glioblastoma negative", "Glioblastoma, negative", "Glioblastoma, not detected",
     "Status post glioblastoma resection", "Zustand nach Glioblastom", "Z.n. Glioblastom",
     "Glioblastom ausgeschlossen", "Glioblastome éliminé", "sospetto glioblastoma",
     "compatible with glioblastoma", "Glioblastom oder Metastase", "Glioblastoma-like",
     "Meningioma, no glioblastoma", "Glioblastoma, IDH-mutated or wild-type", "Glioblastoma, absent",
     "Glioblastoma absent", "Glioblastoma pending", "father had glioblastoma", "meningioma; glioblstoma",
     "pre-existing glioblastoma", "Gliobastoma", "treated glioblastoma", "Glioblastoma; lymphoma",
     "Gliosarkom ausgeschlossen", "Glioblastomverdacht"],
)  # fmt: skip
def test_any_other_diagnosis_is_for_a_person_to_decide(text: str) -> None:
    assert is_glioblastoma(text) is None


@pytest.mark.parametrize(
    "text",
    ["Metastase unwahrscheinlich", "Negative for lymphoma", "Lymphoma: negative", "Assenza di metastasi",
     "Frei von Karzinomzellen", "Bekanntes Mammakarzinom", "Zustand nach Melanom", "Hirntumor bei Mammakarzinom",
     "Breast carcinoma 2010; now brain mass", "Weder Lymphom noch Metastase", "Ni lymphome ni métastase",
     "Meningioma, to be confirmed", "Lymphoma pending", "Anamnestisch Bronchialkarzinom", "Karzinomverdacht",
     "Antécédent de mélanome", "Differential: lymphoma", "Compatible with metastasis", "Vielleicht Meningeom",
     "Ependymoma-like tumour", "Tumour adjacent to meningioma", "Astrozytom, mindestens Grad III",
     "Astrocytoma, initially grade 2, now transformed", "Astrocytoma WHO grade 2-4", "Hypophyse"],
)  # fmt: skip
def test_another_tumour_in_words_that_are_not_understood_is_for_a_person_to_decide(text: str) -> None:
    assert is_glioblastoma(text) is None


@pytest.mark.parametrize(
    "text", ["Diffuse astrocytoma, IDH wild-type, TERT promoter mutated", "Astrozytom Grad 3, IDH nicht mutiert"]
)
def test_a_wild_type_astrocytoma_may_be_a_glioblastoma_of_who_2021(text: str) -> None:
    assert is_glioblastoma(text) is None


@pytest.mark.parametrize(
    "text",
    ["Meningioma", "Metastase eines Bronchialkarzinoms", "Oligodendroglioma, IDH-mutant and 1p/19q-codeleted"],
)
@pytest.mark.parametrize("word", ["unlikely", "unwahrscheinlich", "Zebedee", "2010", "known", "absent"])
def test_an_unknown_word_never_excludes_a_patient(text: str, word: str) -> None:
    assert is_glioblastoma(f"{text} {word}") is not False
    assert is_glioblastoma(f"{word} {text}") is not False


PLAIN = (
    "Glioblastoma, IDH-wildtype, CNS WHO grade 4",
    "Glioblastom, links temporal",
    "Astrocytoma, IDH-mutant, CNS WHO grade 4",
)


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize(
    "word", ["not", "kein", "excluded", "DD", "?", "versus", "Metastasis", "recurrent", "Zebedee", "V.a."]
)
def test_a_word_that_is_not_understood_is_never_ignored(text: str, word: str) -> None:
    words = text.split()
    for place in range(len(words) + 1):
        assert is_glioblastoma(" ".join([*words[:place], word, *words[place:]])) is not True
