"""The SOP classes, transfer syntaxes and sizes that the platform accepts."""

import re

from pydicom.uid import (
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
)

from idh_tasks.dicom.outlines import OUTLINE_CLASSES

SOP_CLASSES = (MRImageStorage, EnhancedMRImageStorage, *OUTLINE_CLASSES)
NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
"""Transfer syntaxes without compressed pixels."""
COMPRESSED = tuple(
    uid for uid in AllTransferSyntaxes if re.match(r"1\.2\.840\.10008\.1\.2\.(4\.(5|7|8|9[01]|20)|5)", uid)
)
"""JPEG, JPEG-LS, JPEG 2000 with its high-throughput variant, and RLE: still images, no video."""
MAX_BYTES = 512 * 2**20
"""The largest instance, and the largest size of its decompressed pixels."""
