"""The words of a diagnosis in five languages: tumours, grades, and places in the brain."""

import re

GLIOBLASTOMA = (
    r"(?:(?:glioblastoma?s?|glioblastome|glyoblastoma|gbm)(?: multiforme)?|riesenzellglioblastom|gliosar[ck]om[ae]?"
    r"|944[0125]/3|m ?944[0125]3|63634009|393563007)"
)
"""Names with those of the subtypes (WHO 2016), ICD-O-3 morphology (9440 to 9442 and 9445) and SNOMED CT."""
ASTROCYTOMA = r"(?:astrocytoma?|astrozytoma?|astrocytome|astrocitoma)"
_WHO = r"(?:who|oms)(?: (?:cns|zns|snc))?(?: classification| klassifikation)?(?: 20(?:16|21))?"
_OF = r"(?:de la |de l |del |della |dell |nach |gemaess |according to |secondo )?"
_SYSTEM = rf"(?:(?:(?:cns|zns|snc|cns5) )*{_WHO}|cns5?|zns|snc)"
_NUMBER = r"(?P<grade>[1-4]|i{1,3}|iv)(?: ?/ ?(?:4|iv))?"
GRADE = rf"(?:{_SYSTEM} )?(?:grade?o? )?(?:{_SYSTEM} )?{_NUMBER}(?: {_OF}{_SYSTEM})?"
"""A number alone is a grade only after the word or the name of the classification."""
GRADED = rf"(?=(?:{_SYSTEM} )|grad){GRADE}"
SITE = r"c ?71(?:[. ]?\d)?"
FOUR = frozenset({"4", "iv"})
LOWER = frozenset({"1", "2", "3", "i", "ii", "iii"})

OTHER_TUMOUR = re.compile(
    r"\b\w*(?:meningiom|meningeom|oligodendro|oligoastro|ependymom|ependimom|lymphom|linfom|schwannom|neurinom|adenom"
    r"|medulloblastom|medul+oblast|carcinom|karzinom|metasta|abs[cz]es|gangliogliom|neuro[cz][iy]tom|germinom|h[ae]+mangio"
    r"|craniopharyngiom|kraniopharyngeom|cavernom|kavernom|melanom|sarkom|hypophysentumor|xanthoastro|subependymom"
    r"|mittelliniengliom)\w*|\bmidline gliom\w*|\bhemispheric gliom\w*|\b(?:953|945|939|938|959|814|801)[0-35-9]/\d"
)
LOWER_GRADE = re.compile(r"\b(?:anapl\w+|diffus\w*|pilo[cz][iy]ti\w*|low grade|niedriggradig\w*)")
GLIAL = re.compile(r"gli|glyo|gbm|astro|blasto|944|63634009|393563007")
"""Whatever could be meant as a glioma, also with a slip of the pen."""
DOUBT = re.compile(
    r"\b(?:no|not|kein\w*|nicht|non|pas|sin|nessun\w*|ohne|senza|without|sans|suspect\w*|verdacht\w*|v ?a|sospett\w*"
    r"|suspicion|sospecha|dd|versus|vs|or|oder|ou|o|probabl\w*|possibl\w*|likely|rule|ruled|exclu\w*|ausgeschl\w*|recurr\w*|rezidiv\w*"
    r"|history|previous\w*|weder|neither|ni|ne|\w*verda[ce]ht\w*|\w*ausschluss\w*|\w*anamnes\w*|\w*artige?\w?|\w*aehnlich\w*)\b|\?"
)
WILD_TYPE = re.compile(
    r"wild ?typ|\bwt\b|sauvage|selvagg|salvaje|\bnativ|\b(?:non?|not|nicht) mut|unmut|\bnegativ|\bneg\b"
)
"""Of IDH: a diffuse astrocytoma without a mutation can be a glioblastoma since WHO 2021, whatever its grade."""
NOT_A_DOUBT = re.compile(
    r"\b(?:non small cell|non hodgkin|nicht kleinzellig\w*|non a (?:piccole cellule|petites cellules)"
    r"|no de celulas pequenas"
    r"|non wnt non shh|ohne naehere angaben)\b"
)
"""Negations that belong to the name of a tumour."""

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
    "|subtype|type|typ|tipo|epithelioid|epitheloid|epithelioides|epitheloides|epitelioide|epithelioide"
    "|riesenzelliges|cellules geantes|a cellules geantes|cellule giganti|a cellule giganti|celulas gigantes"
    "|with|mit|con|avec|of|the|in|im|am|des|der|del|dello|della|du|de|d|la|le|el|il|au|at"
    "|und|and|e|et|y|icd o|icd o 3|icd|who 2021|who 2016|cns who 2021|idh status"
)
PLAIN = frozenset(_BESIDE.split("|"))
"""Words that may stand beside the name of the tumour without changing it."""

_OF_OTHERS = (
    "small cell|non small cell|large cell|clear cell|squamous cell|squamous|basal cell|b cell|large b cell"
    "|t cell|hodgkin"
    "|non hodgkin|kleinzellig|kleinzelliges|kleinzelligen|nicht kleinzellig|nicht kleinzelligen|nicht kleinzelliges"
    "|grosszellig|grosszelliges|grosszelligen|klarzellig|klarzelliges|klarzelligen|b zell|b zellen|t zell"
    "|a piccole cellule|non a piccole cellule|a cellule chiare|a grandi cellule|a petites cellules"
    "|non a petites cellules|a cellules claires|a grandes cellules|grandes cellules|b diffus"
    "|de celulas pequenas|no de celulas pequenas"
    "|de celulas claras|de celulas grandes|breast|mammary|lung|pulmonary|bronchial|bronchogenic|colon|colonic|rectal"
    "|colorectal|renal|renal cell|kidney|prostate|prostatic|ovarian|gastric|thyroid|pancreatic|hepatocellular|skin"
    "|cutaneous|cancer|mamma|mammae|brust|lunge|lungen|niere|nieren|prostata|kolon|kolorektalen|bronchus|krebs|cancro"
    "|polmone|polmonare|mammella|mammario|renale|colon retto|tiroide|prostatico|sein|poumon|pulmonaire"
    "|bronchique|rein"
    "|colique|mama|pulmon|pulmonar|rinon|mammaire|prostatique|ductal|duktal|duktales|duktalen|duttale"
    "|invasive|invasives|invasivo|lobular|adenoid|neuroendocrine|neuroendokrin|neuroendokrines|neuroendokrinen"
    "|neuroendocrino|poorly|well|moderately|differentiated|undifferentiated|solitary|solitaere|multiple|atypical"
    "|atypisch|atypisches|atipico|atypique|anaplastic|anaplastisch|anaplastisches|anaplastico|anaplasico|anaplasique"
    "|diffuse|diffus|diffuses|diffuso|difuso|diffusa|pilocytic|pilozytisch|pilozytisches|pilocitico|pilocytique"
    "|low grade|niedriggradig|niedriggradiges|basso grado|bajo grado|bas grade|meningothelial|meningotheliales"
    "|meningotheliomatous|meningoteliale|fibrous|fibroblastic|fibroblastisches|transitional|transitionell"
    "|transitionelles|transizionale|psammomatous|psammomatoeses|angiomatous|angiomatoeses|secretory|sekretorisches"
    "|chordoid|chordoides|rhabdoid|papillary|papillaeres|myxopapillary|myxopapillaeres|adamantinomatous"
    "|adamantinomatoeses|desmoplastic|nodular|shh activated|wnt activated|non wnt non shh|posterior fossa|sellar"
    "|suprasellar|sellaer|pituitary|hypophyse|hypophysaire|ipofisario|hipofisario|vestibular|acoustic|akustikus"
    "|spinal|falx|convexity|konvexitaet|olfactory|sphenoid|sphenoid wing|keilbein|tentorium|tentorial"
    "|cerebellopontine angle|kleinhirnbrueckenwinkel|intraventricular|intraventrikulaer|ventricle|cavernous"
    "|primaeres zns|primary cns|primitivo|snc|sistema nervioso central|sistema nervoso centrale"
    "|systeme nerveux central|central nervous system|zentralnervensystem|zentralen nervensystems|zns|cns|pediatric"
    "|pleomorphic|pleomorphes|dysembryoplastic|classical|benign|benignes|benigno|tumour|tumor|tumeur|tumore|neoplasm"
    "|neoplasia|eines|einer|einem|eine|ein|a|an|un|una|uno|une|d|dem|den|di|da|da un|dal|s|from|von|vom|aus"
    "|h3 k27 altered|h3 k27m mutant|h3 k27 alteriert|icd 10"
)
BESIDE_OTHERS = PLAIN | frozenset(_OF_OTHERS.split("|"))
"""Words that may stand beside the name of another tumour."""
CODE = re.compile(r"[a-z]\d{2}(?:[. ]?\d{1,2})?|\d{4}/\d|\d{6,}")
"""ICD-10, ICD-O and SNOMED CT; those of a glioblastoma are looked for first."""
