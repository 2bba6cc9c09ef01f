"""Proposes a whole-tumour outline from T2, FLAIR and, where present, T1 after contrast; a reviewer must accept it."""

from idh_tasks.imaging.proposal.proposal import Proposal, ProposalImages, propose_tumour

__all__ = ["Proposal", "ProposalImages", "propose_tumour"]
