"""Knobs of class labels, and of codes in their place."""

from harness.config.catalog import CONDITIONINGS
from harness.config.trial.base import ConditioningName, Section, knob


class LabelsConfig(Section):
    """Class conditioning of the networks.

    The generator gets a class for each image, drawn with the frequencies of the training images;
    `conditioning` says how the discriminator gets it.
    """

    conditioning: ConditioningName = knob(
        "none",
        "how labels are used: concat (Mirza & Osindero 2014), projection (Miyato & Koyama 2018), "
        "acgan (Odena et al. 2017); infogan (Chen et al. 2016) needs none",
        source="S2",
    )
    classes: int | None = knob(
        None,
        "number of classes of the data set, set by the harness if labels are used",
        source="design",
        ge=1,
    )
    embedding_size: int = knob(
        64,
        "size of the class embedding that is concatenated with the latents",
        source="design",
        ge=1,
        le=1024,
    )
    every_block: bool = knob(
        False,
        "give the class to every block of the generator, as gains and biases after its "
        "normalisation, not only to the first one",
        source="Brock et al. 2019",
    )
    shared_embedding: bool = knob(
        False,
        "compute these gains and biases from one class embedding, not from a table per block",
        source="Brock et al. 2019",
    )
    classifier_weight: float = knob(
        1.0,
        "weight of the class prediction's cross-entropy in both losses",
        source="Odena et al. 2017",
        gt=0.0,
    )
    codes: int = knob(
        10,
        "number of values of InfoGAN's categorical code",
        source="Chen et al. 2016",
        ge=2,
        le=1024,
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
        """Number of classes or codes that the generator can get; 0: it gets none."""
        if self.conditioning == "none":
            return 0
        return self.classes or 0 if self.of_images else self.codes
