"""Proposes a whole-tumour outline from T2, FLAIR and, where present, T1 after contrast; a reviewer must accept it.

Two ensembles of small perceptrons classify the voxels (docs/decisions/0070-trained-outline-proposal.md).
`python -m tools.outline_training` trains them on five real patients (BraTS 2021, CC BY 4.0) and on tumours drawn into
their healed heads; the weights are `classifiers.npz`.
"""

from idh_tasks.imaging.proposal.proposal import Proposal, ProposalImages, propose_tumour

__all__ = ["Proposal", "ProposalImages", "propose_tumour"]
