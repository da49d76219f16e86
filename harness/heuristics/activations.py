"""Tips on activations, hidden and last."""

from harness.heuristics.schema import Claim, Practice, Tip

ROWS = (
    Tip(
        id="leaky_relu_in_discriminator",
        title="Leaky ReLU in the discriminator",
        statement="Let a fifth of negative values through the discriminator's activations.",
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
        statement="Let a fifth of negative values through the generator's activations too.",
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
        how="A reason, not a decision: what it asks for are the tips leaky_relu_in_discriminator, "
        "leaky_relu_in_generator and batch_norm_in_both, each of which is tested.",
    ),
)
