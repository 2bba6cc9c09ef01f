"""The words in names of segments and structures that are understood, by what they say about the structure.

English, German, French, Italian, Spanish and Dutch. Words are compared without case and accents; see `folded`.
"""

import unicodedata

LIGATURES = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "oe", "Œ": "Oe", "Æ": "Ae", "Ø": "Oe"})


def folded(word: str) -> str:
    """Return a word in small letters without accents; ö, œ and oe become one letter, as do ä, æ and ae, ü and ue."""
    letters = plain(word).casefold()
    return letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def plain(text: str) -> str:
    """Return a text without accents and ligatures, in its own case."""
    decomposed = unicodedata.normalize("NFKD", text.translate(LIGATURES))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _words(text: str) -> frozenset[str]:
    return frozenset(folded(word) for word in text.split())


TUMOUR = _words("""
    tumour tumours tumor tumors tumoren tumors tumores tumeur tumeurs tumore tumori tumoral tumorale tumoraal gezwel
    gtv gtvp hirntumor gehirntumor grosshirntumor hersentumor lesion lesions läsion läsionen lésion lésions lesione
    lesioni lesión lesiones laesie laesies glioma gliomas gliom gliome gliomi gliomen glioom hgg lgg glioblastoma
    glioblastomas glioblastom glioblastome glioblastomi glioblastoom gbm astrocytoma astrozytom astrocytome
    astrocitoma astrocytoom oligodendroglioma oligodendrogliom oligodendrogliome oligodendroglioom neoplasm
    neoplasma neoplasia néoplasie neoplasie neubildung mass masse massa masa raumforderung wt""")
"""Nouns for a tumour."""

PARTS = {
    "core": _words("core kern tumorcore tc coeur noyau nucleo núcleo solid solide solido solider solides"),
    "enhancing": _words("""
        enhancing enhancement enhanced enh et km kontrastmittel anreichernd anreichernde anreichernder anreicherndes
        anreicherung aufnehmend aufnehmende aufnehmender aufnehmendes aufnahme prise rehaussement réhaussement rehaussée
        rehaussante realce captante captación presa potenziamento aankleurend aankleurende aankleuring t1c t1ce t1gd
        t1km ce gad gadolinium"""),
    "non-enhancing": _words("nonenhancing nonenhanced net nenh nonenh netc"),
    "necrosis": _words("""
        necrosis necrotic ncr nekrose nekrotisch nekrotische nekrotischer nekrotisches nécrose nécrotique necrosi
        necrotico necrotica necrótico necrótica necrose necrotisch necrotische"""),
    "cyst": _words("""
        cyst cystic cysts zyste zysten zystisch zystische zystischer zystisches kyste kystes kystique cisti cistico
        cistica quiste quístico quística cyste cystes cysteus"""),
    "oedema": _words("""
        oedema edema ödem œdème oedeem ed edematous oedematous ödematös invaded
        vasogenic vasogenes vasogenico infiltration infiltrative infiltrated
        infiltrating infiltrazione infiltración infiltratie"""),
    "t2": _words("""
        t2 t2w flair snfh hyperintensity hyperintense hyperintensität hyperintensité hypersignal iperintensità
        hiperintensidad hyperintensiteit"""),
}
"""Words for parts of a tumour."""

PLACEHOLDERS = _words("""
    segment segmentation seg segmented label labelled roi region area structure contour contours outline mask masks
    volume vol v manual auto automatic semi semiautomatic final edited corrected reviewed unnamed unknown untitled new
    copy name tissue segmentierung kontur konturen maske bereich struktur volumen masque région segmentazione contorno
    maschera regione struttura segmentación máscara región estructura segmentatie masker gebied structuur manuell
    manuel manuelle manuale""")
"""Words that say nothing."""

WHOLE = _words("""
    whole complete entire total gross gesamt gesamter gesamtes gesamte ganz ganzer ganzes ganze makroskopisch
    makroskopisches totale totaal entier entière complet complète macroscopique macroscopico macroscópico intero intera
    completo completa entero entera geheel hele volledig macroscopisch""")
"""Words that say that the whole tumour is meant."""

NEUTRAL = _words("""
    left right links rechts linke rechte linker rechter l r li re gauche droite droit sinistra sinistro destra destro
    dx sx izquierda izquierdo derecha derecho linkerzijde abnormality abnormal morphologically altered primary
    primär primaire malignant maligner malignes malin maligne maligno maligna multiforme diffuse diffus anaplastic
    anaplastisch who grade grad high low ii iii iv hochgradig niedriggradig idh wildtype mutant peritumor peritumoral
    peritumorale peritumorales peritumoraal perifocal perifokal perifokales perilesional surrounding contrast contraste
    contrasto of the a and und mit with in on t1 t1w mr mri irm rm mrt sequence signal p part parts portion compartment
    component zone zona teil partie parte deel incl including inkl avec con di de du della del der des d im van""")
"""Words that change nothing beside the name of a tumour or a part, and name no structure alone."""

SURROUNDINGS = _words("""
    peritumor peritumoral peritumorale peritumorales peritumoraal perifocal perifokal perifokales perilesional
    surrounding""")
"""Words for what lies around a tumour; without a word for a part they mean a margin."""

SHARES = _words("part parts portion compartment component zone zona teil partie parte deel")
"""Words that say that something is not the whole."""

LOCATIONS = _words("""
    frontal frontale frontaal temporal temporale temporaal parietal pariétal parietale pariëtaal occipital occipitale
    occipitaal insular insulär insulaire insulare thalamic thalamique cerebral cérébral cérébrale cerebrale cerebraal
    intracerebral intracérébrale intracranial intracrânienne cerebellar cérébelleux hemispheric hémisphérique lobe
    lobes lobar lappen lobo lobi kwab okzipital""")
"""Words that say where a tumour lies, and that name another structure where they stand alone."""

WHOLE_HEAD = _words("""
    brain hirn gehirn grosshirn cerebrum encephalon cerveau encéphale cervello encefalo cerebro hersenen brein skull
    schädel crâne cranio cráneo schedel kalotte scalp skin haut peau pelle cute piel huid bone knochen os osso hueso bot
    head kopf tête testa cabeza hoofd body körper corps corpo cuerpo lichaam external ext csf lcr liquor vessel vessels
    gefäss gefässe vaisseau vaisseaux vaso vasi vasos vaten artery arteries arterie arterien vein veins vene venen
    air luft background hintergrund fond sfondo fondo achtergrond""")
"""Words for what surrounds a tumour; beside a word for a tumour they contradict it."""

REGIONS = _words("""
    organ cerebellum kleinhirn cervelet cervelletto cerebelo brainstem hirnstamm tronc tronco hersenstam stem ventricle
    ventricles ventricular ventrikel seitenventrikel ventricule ventricules ventricolo ventricoli ventrículo
    ventrículos sinus eye eyes auge augen oeil yeux occhio ojo oog bulbus globe lens linse orbit orbita optic opticus
    chiasm chiasma nerve nerv nervus sehnerv nerf nervo nervio zenuw pituitary hypophysis hypophyse ipofisi hipófisis
    cochlea hippocampus hippocampi hippocampe thalamus caudate putamen pallidum amygdala corpus callosum balken cortex
    cortical rinde gyrus sulcus tract tracts bahn fibre fiber fibres fibers dti cst dura falx tentorium spinal cord
    parotid larynx mandible infarct infarction infarkt infarctus infarto stroke ischemia ischaemia wmh abscess abszess
    abcès ascesso absceso abces plaque hematoma haematoma hämatom hématome ematoma haemorrhage hemorrhage blutung
    hémorragie emorragia hemorragia bloeding thrombus thrombose calcification artefact artifact artefakt electrode
    shunt catheter clip node nodes lymph gliosis gliose scar narbe meningioma meningiomas meningeom meningeome
    méningiome meningioom meninges metastasis metastases metastase metastasen métastase métastases metastasi metástasis
    met mets lymphoma lymphom lymphome linfoma schwannoma schwannom neurinom adenoma adenom adénome craniopharyngioma
    kraniopharyngeom cavernoma kavernom aneurysm aneurysma avm""")
"""Words for other structures and other diseases; beside a word for a tumour they may say where it lies."""

HELPERS = _words("""
    cavity cavities cavité cavités cavità cavidad holte resection resected resektion résection resezione resección
    resectie resektionshöhle höhle hole loch rc defect defekt postop postoperative postoperativ surgery surgical
    opératoire chirurgica quirúrgica chirurgisch op white grey gray matter wm gm nawm nagm normal normale healthy gesund
    gesunde sain saine sano sana gezond appearing contralateral kontralateral contralatéral controlaterale gegenseite
    mirror mirrored gespiegelt bed bett lit letto lecho tumorbett tumorbed ptv ctv itv prv oar planning clinical
    target internal boost gtvn outer inner ring rings rind shell halo wall margin margins rand saum rim expanded
    expansion dilated eroded hull box bbox bounding crop avoid avoidance sparing spared minus less without excluding
    exclude excl except ohne sans sin senza zonder outside not no nicht kein keine keinen keiner pas aucun aucune
    nessun nessuna ningún ninguna geen niet neg negative negativ free frei libre pseudo control kontrolle opt
    optimisation optimization help helper hilf hilfs dummy hot cold spot hotspot coldspot dose isodose dosis gy cgy mm
    cm couch table tisch bolus marker fiducial fiducials isocenter isocentre reference referenz point points seed biopsy
    biopsie needle nadel trajectory ns z zz""")
"""Words that change a tumour's name into that of a helper structure, whatever else it says."""

CONJUNCTIONS = _words("et e y en")
"""Words for 'and' that mean something else, or nothing, where they do not join two words for a tumour or its parts."""
