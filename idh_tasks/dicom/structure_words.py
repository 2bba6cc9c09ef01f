"""The words in names of segments and structures that are understood, by what they say about the structure."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TUMOUR = _words("""
    tumour tumor tumoren tumors tumours tumoral tumore tumeur hirntumor gtv gtvp lesion lesions läsion laesion
    lesione glioma gliom gliome hgg lgg glioblastoma glioblastom glioblastome gbm astrocytoma astrozytom
    oligodendroglioma oligodendrogliom neoplasm neoplasma neoplasia mass raumforderung wt metastasis metastase""")
"""Nouns for a tumour."""

WHOLE = _words("whole complete entire total gross gesamt ganz")
"""Words that say that the whole tumour is meant."""

PARTS = {
    "core": _words("core kern tc tumorcore"),
    "enhancing": _words("enhancing enhancement enhanced enh et km kontrastmittel t1c t1ce t1gd t1km ce gad gadolinium"),
    "non-enhancing": _words("nonenhancing nonenhanced net nenh nonenh netc"),
    "necrosis": _words("necrosis necrotic ncr nekrose nekrotisch nécrose necrosi"),
    "cyst": _words("cyst cystic cysts zyste zystisch kyste"),
    "oedema": _words("oedema edema ödem oedem oedeme œdème ed tumorödem vasogenic"),
    "t2": _words(
        "flair snfh hyperintensity hyperintense hyperintensität infiltration infiltrative infiltrated infiltrating"
    ),
}
"""Words for parts of a tumour."""

NEUTRAL = _words("""
    segment segmentation seg segmented label labelled roi region area structure contour outline mask volume v manual
    auto automatic semi semiautomatic final edited corrected reviewed left right links rechts l r frontal temporal
    parietal occipital insular thalamic tissue organ abnormality morphologically abnormal altered primary malignant
    peritumor peritumoral peritumorales perifocal perilesional contrast of the and und mit with in on t1 t2 t1w t2w
    mr mri sequence signal unnamed unknown untitled none new copy p name part parts portion solid compartment
    component zone""")
"""Words that neither name a structure nor change what another word names."""

WHOLE_HEAD = _words("""
    brain hirn gehirn grosshirn cerebrum cerebral skull schädel schaedel kalotte scalp skin haut bone knochen head
    kopf body external ext csf liquor vessel vessels gefäss gefäße artery arteries vein veins air luft background
    hintergrund""")
"""Words for what surrounds a tumour; beside a word for a tumour they contradict it."""

REGIONS = _words("""
    cerebellum cerebellar kleinhirn brainstem hirnstamm stem ventricle ventricles ventricular ventrikel
    seitenventrikel sinus eye eyes auge bulbus globe lens linse orbit orbita optic opticus chiasm chiasma nerve nerv
    pituitary hypophysis hypophyse cochlea hippocampus hippocampi thalamus caudate putamen pallidum amygdala corpus
    callosum cortex cortical lobe tract tracts fibre fiber fibres fibers dti cst dura falx tentorium spinal cord
    parotid larynx mandible infarct infarction stroke ischemia ischaemia wmh abscess plaque calcification artefact
    artifact electrode shunt catheter node nodes lymph gliosis scar""")
"""Words for other structures; beside a word for a tumour they may say where it lies."""

HELPERS = _words("""
    cavity cavities resection resected resektion resektionshöhle höhle hole rc postop postoperative surgery surgical
    op white grey gray matter wm gm nawm nagm normal healthy appearing contralateral bed tumorbett tumorbed ptv ctv
    itv prv oar planning clinical target internal boost gtvn outer inner ring rings rind shell halo wall margin
    margins rim expanded expansion dilated eroded hull box bbox bounding crop avoid avoidance sparing spared minus
    less without excluding exclude excl except ohne sans outside not no nicht pseudo control opt optimisation
    optimization help helper dummy hot cold spot hotspot coldspot dose isodose dosis gy cgy mm cm couch table tisch
    bolus marker fiducial fiducials isocenter isocentre reference point points seed ns z""")
"""Words that change a tumour's name into that of a helper structure, whatever else it says."""
