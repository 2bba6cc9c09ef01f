"""HL7 version 2: results (ORU^R01), merges (ADT^A40) and their reversal (ADT^A37, unlink)."""

from idh_tasks.linkage.feed.hl7_v2.reader import read_hl7

__all__ = ["read_hl7"]
