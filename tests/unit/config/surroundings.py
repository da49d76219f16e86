"""Knobs that other knobs need, or that silence them, for tests of the rules between knobs."""

FOLDER = {"data.name": "folder", "data.path": "photos"}
CRITIC = {"loss.name": "wasserstein"}
ENERGY = {"augmentation.policy": "none"}
UNAUGMENTED = {"augmentation.policy": "none"}
UNPLAYED = {"training.update": "variational", **UNAUGMENTED}
EDGES = {"translation.source": "edges"}
ONE_BLOCK = {"data.image_size": 8}
LABELLED = {"labels.conditioning": "projection"}
