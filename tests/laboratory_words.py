"""Composes laboratory texts whose meaning is known, in five languages, as laboratories write them.

The phrases are written here independently of the lexicon: a text that the grammar does not know is a finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

LANGUAGES = ("en", "de", "it", "fr", "es")

NEGATIVE = {
    "en": ["{gene}: no mutation detected", "{gene} wild-type", "No {gene} mutation detected", "{gene} mutation not detected",
           "No evidence of {gene} mutation", "{gene}: wild type", "{gene} mutation: negative", "no mutation found in {gene}",
           "No pathogenic variant detected in {gene}", "{gene} gene: negative", "no variants detected in {gene}",
           "negative for {gene} mutation", "{gene} mutation was not identified", "{gene} mutation absent",
           "Sequencing of {gene} revealed no mutation", "{gene} not mutated", "{gene} exon 4: wild-type"],
    "de": ["{gene}: keine Mutation nachgewiesen", "{gene}-Wildtyp", "Keine {gene}-Mutation nachweisbar", "{gene}: Wildtyp",
           "{gene}-Mutation nicht nachgewiesen", "Kein Nachweis einer {gene}-Mutation", "{gene} nicht mutiert",
           "keine Mutation im {gene}-Gen", "Eine {gene}-Mutation konnte nicht nachgewiesen werden", "{gene}: negativ",
           "kein Anhalt für eine {gene}-Mutation", "{gene}-Mutationsanalyse: negativ", "{gene} unmutiert",
           "Eine {gene}-Mutation liegt nicht vor", "Keine Mutation in Exon 4 des {gene}-Gens nachgewiesen"],
    "it": ["{gene}: nessuna mutazione rilevata", "{gene} wild-type", "Assenza di mutazioni di {gene}", "{gene} non mutato",
           "Mutazione di {gene} non rilevata", "Nessuna mutazione del gene {gene}", "{gene}: negativo",
           "Non si rilevano mutazioni del gene {gene}", "Non è stata rilevata alcuna mutazione di {gene}",
           "mutazione {gene} assente", "negativo per mutazioni di {gene}", "Non sono state identificate mutazioni di {gene}"],
    "fr": ["{gene} : absence de mutation", "{gene} sauvage", "Absence de mutation du gène {gene}", "{gene} non muté",
           "Pas de mutation {gene} détectée", "Aucune mutation {gene} n'a été détectée", "Mutation {gene} non détectée",
           "pas de mutation de {gene}", "Recherche de mutation {gene} : négative", "mutation {gene} absente",
           "La mutation {gene} n'a pas été mise en évidence", "Mutation {gene} non retrouvée", "Aucune mutation de {gene}"],
    "es": ["{gene}: no se detecta mutación", "{gene} no mutado", "Ausencia de mutación en {gene}", "Sin mutación de {gene}",
           "No se detectaron mutaciones en {gene}", "No se detecta ninguna mutación en {gene}", "{gene}: negativo",
           "{gene} tipo salvaje", "Mutación de {gene} no detectada", "No se identifican mutaciones en el gen {gene}",
           "negativo para mutación de {gene}", "No se ha detectado mutación en {gene}"],
}  # fmt: skip
POSITIVE = {
    "en": ["{gene} mutation detected", "{gene} mutated", "{gene}: mutation detected", "{gene} mutant", "{gene} {variant} mutation detected",
           "{gene} p.{variant}", "Mutation detected in {gene}", "{gene} {variant} mutation identified", "{variant} mutation of {gene} present",
           "presence of {gene} mutation", "Heterozygous {gene} mutation detected", "{gene} mutation (p.{variant}) detected",
           "Non-canonical {gene} mutation detected", "pathogenic {gene} variant p.{variant} detected", "{gene} mutation was found"],
    "de": ["{gene}-Mutation nachgewiesen", "{gene} mutiert", "Nachweis einer {gene}-Mutation", "{gene}-Mutation {variant} nachgewiesen",
           "{gene}: Mutation p.{variant} nachgewiesen", "Eine {gene}-Mutation wurde nachgewiesen", "{gene}-Mutation nachweisbar",
           "Eine {gene}-Mutation liegt vor", "{gene} mutiert (p.{variant})", "Heterozygote {gene}-Mutation nachgewiesen",
           "Nicht-kanonische {gene}-Mutation {variant} nachgewiesen"],
    "it": ["{gene} mutato", "Mutazione di {gene} rilevata", "Presenza di mutazione del gene {gene}", "Mutazione {variant} di {gene} presente",
           "Si rileva mutazione di {gene}", "È stata rilevata la mutazione p.{variant} di {gene}", "{gene} mutato (p.{variant})",
           "mutazione {gene} identificata"],
    "fr": ["{gene} muté", "Mutation {gene} détectée", "Présence de mutation du gène {gene}", "Mutation {gene} p.{variant} détectée",
           "Présence d'une mutation {gene}", "mutation {gene} présente", "{gene} muté (p.{variant})", "Mutation {gene} retrouvée"],
    "es": ["{gene} mutado", "Mutación de {gene} detectada", "Se detecta mutación en {gene}", "Presencia de mutación en {gene}",
           "Se detecta la mutación {variant} en {gene}", "{gene}: mutación p.{variant} detectada", "mutación {gene} presente"],
}  # fmt: skip
PENDING = {
    "en": ["{gene} sequencing pending", "{gene}: result to follow", "{gene} sequencing in progress"],
    "de": ["{gene}-Sequenzierung ausstehend", "{gene}: Ergebnis folgt", "{gene}-Sequenzierung steht noch aus"],
    "it": ["{gene}: risultato in attesa", "sequenziamento {gene} in corso"],
    "fr": ["{gene} : résultat en attente", "séquençage {gene} en cours"],
    "es": ["{gene}: resultado pendiente", "secuenciación de {gene} en curso"],
}
ASKED = {
    "en": ["{gene} mutation cannot be excluded", "{gene} mutation?", "possible {gene} mutation", "{gene}: not evaluable",
           "{gene} variant of uncertain significance", "{gene}: insufficient material", "{gene} p.G105G", "low level {gene} mutation",
           "{gene} mutation was previously detected", "{gene} mutation not detected in normal tissue", "{gene} p.R132H (VAF 2%)",
           "no mutation other than {gene} {variant}", "{gene} equivocal", "mutation not ruled out in {gene}"],
    "de": ["{gene}-Mutation nicht auszuschließen", "V.a. {gene}-Mutation", "{gene}: nicht auswertbar", "fragliche {gene}-Mutation",
           "{gene}-Variante unklarer Signifikanz", "{gene}-Mutation kann nicht ausgeschlossen werden", "{gene} schwach positiv"],
    "it": ["{gene}: non valutabile", "mutazione di {gene} dubbia", "sospetta mutazione di {gene}", "{gene} non escludibile"],
    "fr": ["{gene} : non évaluable", "mutation {gene} douteuse", "mutation {gene} non exclue", "suspicion de mutation {gene}"],
    "es": ["{gene}: no valorable", "mutación {gene} dudosa", "no se puede excluir mutación de {gene}", "sospecha de mutación {gene}"],
}  # fmt: skip
FOREIGN = {
    "en": ["TERT promoter mutated", "TERT promoter wild-type", "1p/19q codeletion not detected", "MGMT promoter methylated",
           "ATRX retained", "EGFR amplified", "No BRAF V600E mutation", "PTEN deleted", "H3 wild-type", "no 1p/19q codeletion"],
    "de": ["TERT-Promotor mutiert", "keine 1p/19q-Kodeletion", "MGMT-Promotor methyliert", "ATRX-Verlust", "EGFR amplifiziert",
           "TP53 mutiert", "BRAF V600E nicht nachgewiesen", "MGMT-Promotor nicht methyliert"],
    "it": ["TERT mutato", "MGMT metilato", "assenza di codelezione 1p/19q", "ATRX conservato", "EGFR amplificato"],
    "fr": ["TERT muté", "MGMT méthylé", "absence de codélétion 1p/19q", "EGFR amplifié", "perte d'ATRX"],
    "es": ["TERT mutado", "MGMT metilado", "sin codeleción 1p/19q", "EGFR amplificado", "ATRX conservado"],
}  # fmt: skip
VARIANTS = {"IDH1": ("R132H", "R132C", "R132S", "R132G", "R132L"), "IDH2": ("R172K", "R172M", "R172W", "R172S")}
JOINTS = ("; ", ". ", ", ")
STATES = {"negative": NEGATIVE, "positive": POSITIVE, "pending": PENDING, "asked": ASKED}


@dataclass(frozen=True)
class KnownText:
    """A text of a laboratory, the gene of its method, and what it states of that gene."""

    language: str
    gene: str
    truth: str
    text: str
    change: str = "clean"


def clean_texts(seed: int, count: int) -> Iterator[KnownText]:
    """Yield texts of one clause about a gene, some with clauses about other genes before or after it."""
    rng = Random(seed)
    for number in range(count):
        language, truth = rng.choice(LANGUAGES), rng.choice(("negative", "positive", "negative", "positive", "pending", "asked"))
        gene = rng.choice(("IDH1", "IDH1", "IDH2"))
        clauses = [_clause(rng, STATES[truth][language], gene)]
        change = "clean"
        if number % 3 == 0:
            clauses.insert(rng.randrange(2), rng.choice(FOREIGN[language]))
            change = "other gene"
        yield KnownText(language, gene, truth, rng.choice(JOINTS).join(clauses), change)


def _clause(rng: Random, forms: list[str], gene: str) -> str:
    return rng.choice(forms).format(gene=gene, variant=rng.choice(VARIANTS[gene]))


def two_gene_texts(seed: int, count: int) -> Iterator[tuple[KnownText, str]]:
    """Yield texts that state both genes, with the truth of the second one; the method names both."""
    rng = Random(seed)
    for _ in range(count):
        language = rng.choice(LANGUAGES)
        first, second = rng.choice(("negative", "positive")), rng.choice(("negative", "positive"))
        clauses = [_clause(rng, STATES[first][language], "IDH1"), _clause(rng, STATES[second][language], "IDH2")]
        yield KnownText(language, "IDH1", first, rng.choice(JOINTS).join(clauses), "both genes"), second


def with_typo(known: KnownText, rng: Random) -> KnownText:
    """Return a text with one letter of a word dropped, doubled or swapped with the next."""
    words = known.text.split()
    place = rng.choice([n for n, word in enumerate(words) if len(word) > 3 and word.isalpha()] or [0])
    word = words[place]
    at = rng.randrange(max(len(word) - 1, 1))
    changed = rng.choice((word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + word[at : at + 2][::-1] + word[at + 2 :]))
    return KnownText(known.language, known.gene, known.truth, " ".join([*words[:place], changed, *words[place + 1 :]]), "typo")


def truncated(known: KnownText, rng: Random) -> KnownText:
    """Return a text that a field of fixed length cut off."""
    return KnownText(known.language, known.gene, known.truth, known.text[: rng.randrange(4, len(known.text))], "truncated")
