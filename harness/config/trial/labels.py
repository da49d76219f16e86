"""Knobs of class labels, and of codes that stand in for them."""

from harness.config.catalog import CONDITIONINGS
from harness.config.trial.base import ConditioningName, Section, knob


class LabelsConfig(Section):
    """What the networks are told of an image's class.

    The generator is given a class for each image that it makes, drawn as often as it is in the
    training images; how the discriminator is told is `conditioning`.
    """

    conditioning: ConditioningName = knob(
        "none",
        "how labels are used: concat (Mirza & Osindero 2014), projection (Miyato & Koyama 2018), "
        "acgan (Odena et al. 2017); infogan (Chen et al. 2016) needs none",
        source="S2",
    )
    classes: int | None = knob(
        None,
        "classes of the data set, filled in by the harness where labels are used",
        source="design",
        ge=1,
    )
    embedding_size: int = knob(
        64, "size of a class's embedding beside the latents", source="design", ge=1, le=1024
    )
    every_block: bool = knob(
        False,
        "give the class to every block of the generator, by gains and biases after its "
        "normalisation; not beside the latents alone",
        source="Brock et al. 2019",
    )
    shared_embedding: bool = knob(
        False,
        "make these gains and biases of the embedding beside the latents, not of a table each",
        source="Brock et al. 2019",
    )
    classifier_weight: float = knob(
        1.0,
        "weight of the classifier's cross-entropy in both losses",
        source="Odena et al. 2017",
        gt=0.0,
    )
    codes: int = knob(
        10, "values of InfoGAN's categorical code", source="Chen et al. 2016", ge=2, le=1024
    )
    information_weight: float = knob(
        1.0,
        "weight of the code's mutual information in both losses",
        source="Chen et al. 2016",
        gt=0.0,
    )

    @property
    def of_images(self) -> bool:
        """Whether the labels of real images are used."""
        return self.conditioning != "none" and CONDITIONINGS[self.conditioning].labels

    @property
    def values(self) -> int:
        """How many classes or codes the generator is given one of; 0: it is given none."""
        if self.conditioning == "none":
            return 0
        return self.classes or 0 if self.of_images else self.codes
