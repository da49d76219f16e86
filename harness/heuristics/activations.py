"""Tips on activations, hidden and last."""

from harness.heuristics.schema import Claim, Practice, Tip

ROWS = (
    Tip(
        id="leaky_relu_in_discriminator",
        title="Leaky ReLU in the discriminator",
        statement="Use leaky ReLU with slope 0.2 in the discriminator's hidden layers.",
        claims=(
            Claim("S0", "helps", "makes its gradients less sparse"),
            Claim("S1", "helps", "preferred in the discriminator"),
            Claim("S3", "helps", "lets sufficient gradient flow back to the generator"),
            Claim("S4", "helps", "use it throughout"),
        ),
        literature="Maas et al. 2013; Radford et al. 2015 (DCGAN)",
        following={"discriminator.activation": "leaky_relu"},
        ignoring={"discriminator.activation": "relu"},
    ),
    Tip(
        id="relu_in_generator",
        title="ReLU in the generator",
        statement="Use plain ReLU in the generator's hidden layers.",
        claims=(
            Claim("S0", "helps", "as DCGAN has it"),
            Claim("S1", "helps", "recommended for the generator, but not for the discriminator"),
            Claim("S3", "hurts", "leaky ReLU is for the hidden layers of both"),
            Claim("S4", "hurts", "use leaky ReLU throughout"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"generator.activation": "relu"},
        ignoring={"generator.activation": "leaky_relu"},
    ),
    Tip(
        id="leaky_relu_in_generator",
        title="Leaky ReLU in the generator",
        statement="Use leaky ReLU with slope 0.2 in the generator's hidden layers as well.",
        claims=(
            Claim("S1", "helps", "in the generator and the discriminator (Chintala's list)"),
            Claim("S1", "hurts", "ReLU is recommended for the generator (DCGAN)"),
            Claim("S3", "helps", "very amazing in the hidden layers of both"),
            Claim("S4", "helps", "use it throughout, for both"),
        ),
        literature="Chintala et al. 2016 (ganhacks)",
        following={"generator.activation": "leaky_relu"},
        ignoring={"generator.activation": "relu"},
    ),
    Practice(
        id="avoid_sparse_gradients",
        title="No sparse gradients",
        statement="Avoid layers whose gradients are mostly zero or vanish.",
        claims=(
            Claim("S0", "helps", "leaky ReLU makes gradients less sparse"),
            Claim("S1", "helps", "leaky ReLU in both networks"),
            Claim("S4", "helps", "weak signals get smaller and smaller; batch norm and leaky ReLU"),
        ),
        literature="Chintala et al. 2016 (ganhacks)",
        kind="advice",
        how="A reason rather than a setting; the settings are the tips "
        "leaky_relu_in_discriminator, "
        "leaky_relu_in_generator and batch_norm_in_both, each of which is tested.",
    ),
    Tip(
        id="tanh_output",
        title="Tanh at the end",
        statement="Use tanh as the generator's output activation.",
        claims=(
            Claim("S1", "helps", "tanh with pixels in [-1, 1]"),
            Claim("S2", "helps", "tanh as the last layer"),
            Claim("S3", "helps", "the output of Pix2Pix"),
            Claim("S4", "helps", "tanh, not sigmoid"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"generator.output_activation": "tanh", "training.pixel_range": "minus_one_one"},
        ignoring={"generator.output_activation": "sigmoid", "training.pixel_range": "zero_one"},
    ),
    Tip(
        id="sigmoid_output",
        title="Sigmoid at the end",
        statement="Use a sigmoid as the generator's output activation.",
        claims=(
            Claim("S0", "no_effect", "a simplification, with pixels in [0, 1]"),
            Claim("S3", "helps", "make sure to use sigmoid in the last layers"),
            Claim("S4", "hurts", "tanh, not sigmoid"),
        ),
        literature="Béres 2021 (Keras example)",
        following={"generator.output_activation": "sigmoid"},
        ignoring={"generator.output_activation": "tanh"},
    ),
    Tip(
        id="sigmoid_discriminator",
        title="Sigmoid discriminator",
        statement="Use a sigmoid as the discriminator's output activation, and an epsilon in the "
        "logarithm.",
        claims=(
            Claim("S1", "depends", "a single sigmoid output, as DCGAN has"),
            Claim("S3", "helps", "always", condition="discriminator_loss_nan"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"discriminator.output": "sigmoid", "discriminator.output_epsilon": 1e-12},
        ignoring={"discriminator.output": "logit", "discriminator.output_epsilon": 1e-12},
        needs="a cross-entropy",
    ),
    Tip(
        id="logit_discriminator",
        title="Logits from the discriminator",
        statement="Let the discriminator output logits, and compute the loss from them.",
        claims=(Claim("S0", "depends", "what it does"),),
        literature="Béres 2021 (Keras example)",
        following={"discriminator.output": "logit"},
        ignoring={"discriminator.output": "sigmoid"},
        needs="a cross-entropy",
    ),
    Tip(
        id="epsilon_in_log",
        title="An epsilon in the logarithm",
        statement="Add 1e-12 to probabilities inside the logarithm.",
        claims=(Claim("S3", "helps", "log(D + 1e-12)", of="stability"),),
        literature="Isola et al. 2017 (Pix2Pix)",
        following={"discriminator.output": "sigmoid", "discriminator.output_epsilon": 1e-12},
        ignoring={"discriminator.output": "sigmoid", "discriminator.output_epsilon": 0.0},
        needs="a cross-entropy",
    ),
)
