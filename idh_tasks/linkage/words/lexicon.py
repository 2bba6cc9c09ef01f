"""The words of the field in English, German, Italian, French and Spanish, each with its part in a sentence.

Words are written as ``normalise`` leaves them: lower case, no accents, umlauts as two letters. Phrases are separated
by ``|``, and the longest one that fits is taken.
"""

from collections.abc import Mapping
from enum import StrEnum


class Part(StrEnum):
    """The part that a token has in a sentence: one letter, so that a clause can be matched as a string."""

    IDH1 = "1"
    IDH2 = "2"
    BOTH = "B"
    IDH = "I"
    OTHER_GENE = "O"
    OTHER_FACT = "o"
    OTHER_STATE = "s"
    VARIANT = "v"
    LOCUS = "k"
    MUTATION = "M"
    VARIANT_NOUN = "W"
    STAINING = "E"
    NO = "N"
    NOT = "X"
    NO_OR_NOT = "0"
    ONLY_NEGATED = "h"
    NEAR_NEGATION = "e"
    ABSENT = "a"
    NOT_MUTATED = "u"
    DETECTED = "D"
    SHOWS = "r"
    POSITIVE = "P"
    NEGATIVE = "g"
    WILD_TYPE = "w"
    MUTATED = "Q"
    PENDING = "Z"
    SEQUENCING = "T"
    IMMUNO = "H"
    TARGETED = "C"
    PANEL = "p"
    INDIRECT = "i"
    QUALITY = "z"
    PATHOGENIC = "y"
    NON_CANONICAL = "c"
    SHARE = "%"
    NONE_AT_ALL = "q"
    AND = "J"
    OR = "R"
    PLUS = "A"
    LINE = "L"
    STOP = ";"
    EXAMINATION = "x"
    FILLER = "_"
    DOUBT = "?"


GENES = frozenset({Part.IDH1, Part.IDH2, Part.BOTH, Part.IDH})

PHRASES: Mapping[str, str] = {
    # Other genes and markers of a glioma, and what is said of them alone.
    Part.OTHER_GENE: "tert|tertp|tert promoter|tert promotor|promoter|promotor|promotore|promoteur|mgmt"
    "|mgmt promoter|atrx|egfr|egfrviii|egfr viii|1p/19q|1p19q|1p|19q|h3|h3f3a|hist1h3b|h3 3|h3 k27m|h3 k27"
    "|h3 g34|h3k27m|h3k27me3|k27m|g34r|cdkn2a|cdkn2b|cdkn2a/b|tp53|p53|pten|braf|v600e|braf v600e"
    "|chromosome 7|chromosome 10|chr7|chr10|cic|fubp1|nf1|pdgfra|fgfr3|ntrk|c228t|c250t|ki67|ki 67|mib1"
    "|mib 1|gfap|olig2",
    Part.OTHER_FACT: "perte|codeletion|kodeletion|co deletion|codelezione|codelecion|deletion|delezione"
    "|delecion|homozygous deletion|amplification|amplifikation|amplificazione|amplificacion|methylation"
    "|methylierung|metilazione|metilacion|loss|verlust|perdita|perdida|gain|fusion|overexpression",
    Part.OTHER_STATE: "codeleted|codeletiert|co deleted|codelete|kodeletiert|co deletiert|codeletee|codeleto"
    "|codeletato|codeletado|deleted|deletiert|amplified|amplifiziert"
    "|amplificato|amplifie|amplificado|methylated|unmethylated|methyliert|unmethyliert|nicht methyliert"
    "|metilato|non metilato|methyle|non methyle|metilado|no metilado|lost|retained|erhalten|conservato"
    "|conserve|conservada|conservado|intact|intakt|overexpressed",
    # What is found.
    Part.MUTATION: "mutation|mutations|mutationen|mutazione|mutazioni|mutacion|mutaciones|hotspot mutation"
    "|hotspot mutations|hot spot mutation|hot spot mutations|pathogenic variant|pathogenic variants"
    "|pathogene variante|pathogenen varianten|pathogene varianten|variante patogenetica"
    "|varianti patogenetiche|variant pathogene|variante pathogene|variantes patogenicas|variante patogenica"
    "|punktmutation|punktmutationen|hotspot mutationen|point mutation|point mutations|mutationsnachweis"
    "|mutationsnachweise",
    Part.VARIANT_NOUN: "variant|variants|variante|varianten|varianti|variantes|alteration|alterations"
    "|alteracion|alteraciones|alterazione|alterazioni|veraenderung|veraenderungen",
    Part.STAINING: "staining|stain|expression|immunoreactivity|immunoreactive|immunstaining|faerbung|farbung"
    "|anfaerbung|expresion|espressione|expressionsnachweis|reactivity|mutierten proteins|mutiertes protein"
    "|mutierten proteine|proteine mutee|proteina mutata|proteina mutada|reaktion|reaktivitaet|marquage"
    "|colorazione|tincion|immunreaktivitaet|immunoreattivita|immunorreactividad|immunoreactivite"
    "|mutant protein|mutated protein|mutationsspezifische",
    Part.MUTATED: "mutated|mutant|mutiert|mutierte|mutiertes|mutierter|mutato|mutata|mutado|mutada|mutados"
    "|mute|mutee|mutes|mutante|mutierten",
    Part.WILD_TYPE: "wild type|wildtype|wildtyp|wild typ|wt|tipo selvaggio|selvaggio|tipo salvaje|type sauvage"
    "|types sauvages|sauvages|nativo|nativa|nativos|tipo nativo|normal sequence|normale sequenz"
    "|sequenza normale|sequence normale|secuencia normal"
    "|sauvage|wildtypisch|wild type sequence|wildtyp sequenz|wildtypsequenz|sequenza wild type"
    "|secuencia wild type|sequence sauvage|sequence wild type|fenotipo salvaje|tipo silvestre|silvestre"
    "|salvaje",
    # Whether it is found.
    Part.NO: "kein|keine|keinen|keinerlei|keiner|nessun|nessuna|nessuno|aucun|aucune|pas de|pas d|ningun"
    "|ninguna|without|ohne|senza|sans|sin|absence of|absence|absence de|absence d|abwesenheit|assenza di"
    "|assenza|ausencia de|ausencia|neither|weder|none|non evidenza di|no existe|no existen|no hay"
    "|no presenta|non vi sono|non ci sono|non presenta|non presentano|il n y a pas de|ne montre pas de"
    "|no muestra",
    Part.NOT: "not|nicht|non|pas|could not be|cannot be",
    Part.NO_OR_NOT: "no",
    # Count beside a negation alone: French ne … pas, Italian alcuna, German kein Anhalt für.
    Part.ONLY_NEGATED: "on n observe|on ne retrouve|on ne detecte|n a|n est|n ont|n y a|ne|alcuna|alcun"
    "|evidence of|evidence|hinweis auf|anhalt fuer"
    "|hinweis fuer|evidenza di|evidencia de|on ne|il n",
    Part.ABSENT: "un detected|absent|absente|fehlend|fehlt|fehlen|assente|assenti|ausente|undetected"
    "|undetectable|nicht vorliegend",
    # One letter away from a negation: never in a clause that states a mutation.
    Part.NEAR_NEGATION: "ein|eine|einen|un|in|i|de|d|con|par|dans",
    Part.NOT_MUTATED: "un mutated|un mutiert|unmutated|unmutiert|non mutated|nonmutated|not mutated"
    "|nicht mutiert|non mutato|non mutata|non mute|non mutee|no mutado|no mutada|non mutati|non mutes"
    "|no mutados|not mutant|unmutierte",
    Part.DETECTED: "detected|present|expressed|exprimiert|espressa|exprimee|expresada|found|identified|seen"
    "|observed|demonstrated|detectable|identifiable|nachgewiesen|nachweisbar|vorhanden|gefunden|detektiert"
    "|identifiziert|festgestellt|liegt vor|vorliegend|rilevata|rilevato|rilevate|rilevati|presente|presenti"
    "|presentes|identificata|identificato|identificate|riscontrata|riscontrate|riscontrato|evidenziata"
    "|evidenziate|rilevabile|rilevabili|rileva|rilevano|detecte|detectee|detectees|detectes|retrouvee"
    "|retrouve|retrouvees|identifiee|identifie|identifiees|mise en evidence|mises en evidence|decelee"
    "|detectada|detectado|detectadas|encontrada|encontrado|encontradas|identificada|identificado"
    "|identificadas|observada|se detecta|se detectan|se detecto|se detectaron|se identifica|se identifican"
    "|se identifico|se identificaron|se observa|se observan|se observaron|se encontro|se encontraron"
    "|s observe|si rileva|si rilevano|si osserva|si osservano|si evidenzia|si evidenziano"
    "|positively identified|fanden sich|fand sich|finden sich|findet sich|existe|existen|il existe|il existait"
    "|esiste|esistono",
    Part.SHOWS: "presence of|presence|nachweis|nachweis einer|vorliegen|presenza di|presenza|presence de"
    "|presence d|presencia de|presencia|mise en evidence de|showed|show|shows|exprimieren|express|expresses"
    "|expriment|esprimono|expresan|revealed|reveals|demonstrates|zeigt"
    "|zeigte|ergab|ergibt|mostra|ha mostrato|montre|a montre|muestra|mostro|harbors|harbours|carries|detects"
    "|identifies",
    Part.POSITIVE: "positive|positiv|positivo|positiva|positivi|positif|pos|positivity|positives|positivas"
    "|positivos|positifs|positivitaet"
    "|positivita|positivite|positividad|immunopositive|immunpositiv|reactive|positively stained",
    Part.NEGATIVE: "negative|negativ|negativo|negativa|negatif|neg|negativi|negativity|negatives"
    "|immunonegative|immunnegativ|negativitaet|negativita|negatividad|negativos|negativas|negatifs|negativite",
    Part.PENDING: "pending|awaited|awaiting|to follow|follows|in progress|not yet available|result to follow"
    "|sent out|outstanding|ausstehend|steht aus|stehen aus|steht noch aus|stehen noch aus|folgt"
    "|wird nachgereicht|in arbeit|eingesandt|noch nicht abgeschlossen|in attesa|in corso|a seguire"
    "|en attente|en cours|a suivre|pendiente|pendientes|en curso|en proceso|noch ausstehend|noch in arbeit"
    "|still pending",
    # How it was tested.
    Part.SEQUENCING: "sequencing|sequenced|sequence analysis|sequence|sequenzierung|sequenziert|sequenzanalyse"
    "|sequenzierungsanalyse|sequenziamento|sequenziato|sequencage|sequence analyse|secuenciacion|secuenciado"
    "|secuenciamiento|seq|sanger|sanger sequencing|sanger sequenzierung|pyrosequencing|pyrosequenzierung"
    "|pyrosequencage|pirosequenziamento|pirosecuenciacion|pyrosequenced|pyro sequencing|dna sequencing"
    "|dna sequenzierung|sangersequenzierung|ngs|next generation sequencing|next generation"
    "|massive parallel sequencing|massively parallel sequencing|amplicon sequencing|deep sequencing"
    "|hochdurchsatzsequenzierung|mps|parallelsequenzierung|ngs sequencing|analisi di sequenza"
    "|dna sequenzanalyse|massive parallele sequenzierung|massiv parallele sequenzierung"
    "|massivparallele sequenzierung|direktsequenzierung|direkte sequenzierung|sequenziamento diretto"
    "|sequenziamento massivo|sequenziamento massivo parallelo|sequenziamento di nuova generazione"
    "|sequencage direct|sequencage haut debit|sequencage a haut debit|sequencage nouvelle generation"
    "|sequencage de nouvelle generation|secuenciacion directa|secuenciacion masiva"
    "|secuenciacion de nueva generacion|gensequenzierung|analyse de sequence|analisis de secuencia",
    Part.PANEL: "panel|gene panel|genpanel|pannello|panel de genes|panelsequenzierung|exome|exom|esoma|exoma"
    "|glioma panel|gliom panel|gliompanel|gliomapanel|panel glioma|panel gliom|panel gliome|panel gliomes"
    "|panel gliomi|panel gliomas|brain tumour panel|brain tumor panel|hirntumor panel|hirntumorpanel"
    "|oncomine panel|trusight panel|ampliseq panel|wes|whole exome|genome|wgs|panneau",
    Part.IMMUNO: "ihc|iic|ihq|immunohistochemistry|immunohistochemical|immunohistochemically|immunohisto"
    "|immunhistochemie|immunhistochemisch|immunhistologisch|immunhistologie|immunhistochemische"
    "|immunoistochimica|immunohistochimie|immunohistochimique|inmunohistoquimica|inmunohistoquimico"
    "|inmunohistoquimicamente|immunostain|immunostaining|immunofaerbung|immunfaerbung|antibody|antikoerper"
    "|antikorper|anticorpo|anticorps|anticuerpo|h09|dia h09|clone h09|klon h09|dianova|hmab 1|hmab1|imab 1"
    "|imab1|midh1|immunocytochemistry|immunomarquage|anti|clone|klon|immunreaktion",
    Part.TARGETED: "ddpcr|dd pcr|digital pcr|droplet digital pcr|digitale pcr|snapshot|snapshot assay"
    "|minisequencing|minisequenzierung|primer extension|allele specific|allel specific|allelspezifisch"
    "|allelspezifische|allele specific pcr|allelspezifische pcr|as pcr|arms|arms pcr|real time pcr"
    "|realtime pcr|real time|rt pcr|qpcr|hrm|high resolution melting|melting curve|melting curve analysis"
    "|schmelzkurvenanalyse|taqman|therascreen|cobas|hybridization|pcr|castpcr|maldi|massarray|pcr specifica"
    "|pcr allele specifique|pcr alelo especifica|pcr especifica|pcr digitale|pcr digital|lna pcr",
    Part.INDIRECT: "methylome|methylation array|methylation panel|methylation classifier|methylierungsarray"
    "|methylierungsklassifikator|methylation profiling|methylierungsanalyse|epic|850k|450k|classifier"
    "|klassifikator|array|mrna|rna|spectroscopy|2hg|2 hg|plasma|liquor|csf|cfdna|ctdna|blood|germline",
    # How much, and of what kind.
    Part.QUALITY: "focal|focally|diffuse|diffusely|diffus|fokal|focale|focalement|focalmente|strong|strongly"
    "|stark|kraeftig|forte|intense|intens|intensa|cytoplasmic|zytoplasmatisch|heterozygous|heterozygot"
    "|heterozygote|heterozigote|eterozigosi|in eterozigosi|eterozigote|heterocigosis|en heterocigosis"
    "|heterozygoter|clearly|eindeutig|deutlich|somatic|somatische|somatisch|somatica|somatique|missense"
    "|activating|canonical|kanonische|heterozygoten|aktivierende|heterozygotem|heterocigota|heterocigoto"
    "|citoplasmatica|citoplasmatico|cytoplasmique|difusa|difuso|diffusa|diffuso|intensamente|zytoplasmatische"
    "|zytoplasmatischer|kraeftige|starke|deutliche"
    "|intenso",
    Part.PATHOGENIC: "pathogenic|pathogene|pathogen|pathogenen|patogenetica|patogenica|patogena"
    "|likely pathogenic|wahrscheinlich pathogene|wahrscheinlich pathogen|oncogenic|tier i|tier 1|class 5"
    "|klasse 5|hotspot|hot spot",
    Part.NON_CANONICAL: "non canonical|noncanonical|nicht kanonisch|nicht kanonische|nicht kanonischer"
    "|nichtkanonische|non canonica|non canonico|non canonique|no canonica|no canonico|seltene|rare",
    # What joins.
    Part.AND: "and|und|e|ed|et|y|as well as|sowie|nonche|ainsi que|asi como|als auch|bzw",
    Part.OR: "or|oder|o|ou|u|nor|noch|ni",
    Part.STOP: "but|aber|jedoch|sondern|ma|pero|sino|mais|however|whereas|dagegen|hingegen|while|mentre"
    "|mientras|invece",
    # What was looked for, not what was found: beside it, the name of a variant alone is no finding.
    Part.EXAMINATION: "analysis|analyse|analisi|analisis|mutation analysis|mutationsanalyse|mutation testing"
    "|mutation test|analisi mutazionale|analyse mutationnelle|analisis mutacional|test|testing|tested|getestet"
    "|assay|examination|untersuchung|bestimmung|recherche|recherche de|ricerca|ricerca di|estudio|etude|studio"
    "|determinacion|method|methode|metodo|region|bereich|hotspot region|genanalyse|mutationssuche|targeted"
    "|gezielte|gezielt|analyses|tests|untersucht|studie|determinazione|determination|analysed|analyzed"
    "|analysiert|analizzato|analizado|analyse de|screening|cible|ciblee|mirato|dirigida",
    # What means nothing here.
    Part.FILLER: "the|both|sowohl|a|an|of|for|at|by|using|with|within|from|was|were|is|are|has|have|been|be"
    "|this|der|die|das|des|dem|den|einer|eines|im|fuer|auf|bei|mit|mittels|am|wurde|wurden|wird|werden|ist"
    "|sind|konnte|konnten|von|vom|zeigt sich|il|la|le|gli|gl|di|del|della|dei|delle|dell|nel|nella|nell|nei"
    "|nelle|negli|sul"
    "|al|alla|per|mediante|stata|state|stati|sono|son|les|du|l|s|au|aux|pour|avec|est|sont|ete|sur|une|el|los"
    "|las|una|en|para|por|se|ha|han|sido|es|fue|fueron|gene|genes|gen|gens|gene s|geni|genen|protein"
    "|proteine|tumour|tumor|tumorzellen|tumour cells|tumor cells|cells|zellen|cellule tumorali"
    "|cellules tumorales|celulas tumorales|cellule neoplastiche|cellules neoplasiques|celulas neoplasicas"
    "|neoplastic cells|risulta|risultano|tumorgewebe|tumoral|tumorale|tumour tissue|tumor tissue|tissue"
    "|gewebe|sample|specimen|probe|material|dna|ffpe|molecular|molekular"
    "|molekulare|molekularpathologisch|molekulargenetisch|molekularpathologische|molecolare|moleculaire"
    "|mutational|mutation status|mutationsstatus"
    "|stato mutazionale"
    "|statut mutationnel|estado mutacional"
    "|result|results|ergebnis|befund|risultato|resultat|resultado|status|stato|statut|estado"
    "|finding"
    "|aminosaeure|protein change|nucleotide|fall|case|both strands"
    "|bidirectional|allele|allel|se ha|si ist|also|auch|anche|aussi|tambien|furthermore|additionally"
    "|zusaetzlich|inoltre|ausserdem|hereby|here|positions|position|allele frequency|variant allele frequency"
    "|vaf|allelfrequenz|frequenza allelica|frequence allelique|frecuencia alelica|af|of tumour cells"
    "|der tumorzellen|direct|formalin fixed|paraffin embedded|specific|spezifische"
    "|spezifisch|specifico|specifica|respectively|molekularpathologie|molekulargenetik|molecular pathology"
    "|molecular genetics|genetic|genetische|genetica|genetique|patologia molecolare"
    "|biologie moleculaire|patologia molecular|there|a carico di|a carico del|a carico della|a carico dei"
    "|a carico degli|a carico delle"
    "|a livello del|a livello di|welche|allelic",
    # What is shown to a reviewer, but never counts.
    Part.DOUBT: "vus|significance|signifikanz|bedeutung|uncertain|unclear|unklar|unklare|unklarer|inconclusive"
    "|equivocal|borderline|fraglich|questionable|failed|insufficient|indeterminate|unbestimmt|evaluable"
    "|auswertbar|nos|weak|weakly|schwach|low|niedrig|possible|possibly|moeglich|probable|probably"
    "|wahrscheinlich|likely|suspected|suspicious|verdacht|excluded|ausgeschlossen|exclude|exclu|esclusa"
    "|escluso|excluida|cannot|can|could|may|might|koennte|dubbia|dubbio|douteux|dudoso|incert|incierta"
    "|incierto|incerta|valutabile|valorable|polymorphism|polymorphismus|snp|synonymous|synonyme|silent"
    "|benign|benigne|only|nur|solo|seulement|previously|history|contamination|artefact|artifact|repeat"
    "|cut off|cutoff|below|above|limit|other|andere|altre|autres|otras|normal|exon|exons|exone|esone|codon"
    "|codons|codone|codones|codoni|exones|esoni|kodon",
}

_PREPOSITIONS = (
    "a|al|alla|am|au|aux|bei|by|con|d|dans|de|del|della|delle|dem|den|der|des|di|du|en|for|from|fuer|im|in|mit"
    "|mittels|nel|nei|nelle|negli"
    "|of|par|para|per|por|pour|sul|sur|the|using|vom|von|with|within"
)
DANGLING = frozenset(_PREPOSITIONS.split("|"))
"""A text that ends with one of these was cut off."""
