"""The words of a diagnosis in five languages: tumours, grades, and places in the brain."""

import re

GLIOBLASTOMA = (
    r"(?:(?:glioblastoma?s?|glioblastome|glyoblastoma|gbm)(?: multiforme)?|944[05]/3|m ?944[05]3|63634009|393563007)"
)
"""Names, ICD-O-3 morphology (9440/3, 9445/3) and SNOMED CT."""
ASTROCYTOMA = r"(?:astrocytoma?|astrozytoma?|astrocytome|astrocitoma)"
_WHO = r"(?:who|oms)(?: (?:cns|zns|snc))?(?: classification| klassifikation)?(?: 20(?:16|21))?"
_SYSTEM = rf"(?:(?:(?:cns|zns|snc|cns5) )*{_WHO}|cns5?|zns|snc)"
_NUMBER = r"(?P<grade>[1-4]|i{1,3}|iv)(?: ?/ ?(?:4|iv))?"
GRADE = rf"(?:{_SYSTEM} )?(?:grade?o? )?(?:{_SYSTEM} )?{_NUMBER}(?: {_SYSTEM})?"
"""A number alone is a grade only after the word or the name of the classification."""
GRADED = rf"(?=(?:{_SYSTEM} )|grad){GRADE}"
SITE = r"c ?71(?:[. ]?\d)?"
FOUR = frozenset({"4", "iv"})
LOWER = frozenset({"1", "2", "3", "i", "ii", "iii"})

OTHER_TUMOUR = re.compile(
    r"\b\w*(?:meningiom|meningeom|oligodendro|oligoastro|ependymom|ependimom|lymphom|linfom|schwannom|neurinom|adenom"
    r"|medulloblastom|medul+oblast|carcinom|karzinom|metasta|abs[cz]es|gangliogliom|neuro[cz][iy]tom|germinom|h[ae]+mangio"
    r"|craniopharyngiom|kraniopharyngeom|cavernom|kavernom|melanom|sarkom|hypophys|xanthoastro|subependymom"
    r"|mittelliniengliom)\w*|\bmidline gliom\w*|\bhemispheric gliom\w*|\b(?:953|945|939|938|959|814|801)[0-35-9]/\d"
)
LOWER_GRADE = re.compile(r"\b(?:anapl\w+|diffus\w*|pilo[cz][iy]ti\w*|low grade|niedriggradig\w*)")
GLIAL = re.compile(r"gli|glyo|gbm|astro|blasto|944|63634009|393563007")
"""Whatever could be meant as a glioma, also with a slip of the pen."""
DOUBT = re.compile(
    r"\b(?:no|not|kein\w*|nicht|non|pas|sin|nessun\w*|ohne|senza|without|sans|suspect\w*|verdacht\w*|v ?a|sospett\w*"
    r"|suspicion|sospecha|dd|versus|vs|or|oder|ou|o|probabl\w*|possibl\w*|likely|rule|ruled|exclu\w*|ausgeschl\w*|recurr\w*|rezidiv\w*"
    r"|history|previous\w*)\b|\?"
)

_BESIDE = (
    "nos|not otherwise specified|nicht naeher bezeichnet|nicht naher bezeichnet|primary|primaer|primaeres"
    "|primario|primaire|de novo|classic|classical|klassisch|klassisches|giant cell|adult|adulte|high grade"
    "|hochgradig|hochgradiges|alto grado|haut grade|malignant|malignes|maligno|malin|brain|gehirn|hirn|cerebral"
    "|zerebral|zerebrales|cerebrale|cerebro|cerveau|cervello|intracerebral|supratentorial|supratentoriell"
    "|supratentorielles|sovratentoriale|sus tentoriel|left|right|links|rechts|linke|rechte|linken|rechten|linker"
    "|rechter|sinistro|sinistra|destro|destra|gauche|droit|droite|izquierdo|izquierda|derecho|derecha|bilateral"
    "|beidseits|frontal|frontale|fronto|parietal|parietale|parieto|temporal|temporale|temporo|occipital|okzipital"
    "|occipitale|insula|insular|insulaer|insulare|insulaire|thalamus|thalamic|talamo|thalamisch|basal ganglia"
    "|basalganglien|corpus callosum|balken|corpo calloso|corps calleux|cuerpo calloso|cerebellum|cerebellar"
    "|kleinhirn|cervelletto|cervelet|cerebelo|brainstem|hirnstamm|hemisphere|hemisphaere|emisfero|hemisferio|lobe"
    "|lobes|lappen|lobo|lobulo|region|lateral|lobar|central|zentral|mesial|mesiotemporal|temporomesial"
    "|frontobasal|frontotemporal|frontoparietal|temporoparietal|parietooccipital|parietookzipital"
    "|temporooccipital|temporookzipital|precentral|praezentral|postcentral|postzentral|frontallappen"
    "|temporallappen|parietallappen|okzipitallappen|frontallappens|temporallappens|parietallappens"
    "|okzipitallappens|temporopolar|biopsy|biopsie|biopsia|resection|resektion|resektat|resezione|reseccion"
    "|exerese|specimen|craniotomy|kraniotomie|li|re|lt|rt|l|r|diagnosis|diagnose|diagnosi|diagnostic|diagnostico"
    "|integrated diagnosis|integrierte diagnose|final diagnosis|histology|histologie|histologically|histologisch"
    "|subtype|type|typ|tipo|with|mit|con|avec|of|the|in|im|am|des|der|del|dello|della|du|de|d|la|le|el|il|au|at"
    "|und|and|e|et|y|icd o|icd o 3|icd|who 2021|who 2016|cns who 2021|idh status"
)
PLAIN = frozenset(_BESIDE.split("|"))
"""Words that may stand beside the name of the tumour without changing it."""
