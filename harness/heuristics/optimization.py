"""Tips on optimisers, averaging and the balance of updates."""

from harness.heuristics.schema import Claim, Practice, Tip

ROWS = (
    Tip(
        id="adam_learning_rate_2e4",
        title="Adam with a learning rate of 2e-4",
        statement="Lower Adam's learning rate from its default of 1e-3 to 2e-4 in both networks.",
        claims=(
            Claim("S0", "helps", "the same 2e-4 for both networks"),
            Claim("S1", "helps", "1e-3 was found to be too high"),
        ),
        following={
            "optimizer.generator.learning_rate": 2e-4,
            "optimizer.discriminator.learning_rate": 2e-4,
        },
        ignoring={
            "optimizer.generator.learning_rate": 1e-3,
            "optimizer.discriminator.learning_rate": 1e-3,
        },
        literature="Radford et al. 2015 (DCGAN)",
    ),
    Tip(
        id="adam_beta_1_half",
        title="Adam with beta_1 = 0.5",
        statement="Lower Adam's beta_1 from its default of 0.9 to 0.5 in both networks.",
        claims=(
            Claim("S0", "helps", "important; the example would not work at the default"),
            Claim(
                "S1",
                "helps",
                "0.9 led to oscillation and instability, 0.5 stabilised training",
                of="stability",
            ),
            Claim("S3", "helps", "beta_1 of 0.5, as in Pix2Pix"),
        ),
        following={"optimizer.generator.beta_1": 0.5, "optimizer.discriminator.beta_1": 0.5},
        ignoring={"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9},
        literature="Radford et al. 2015 (DCGAN)",
    ),
    Tip(
        id="adam_beta_1_zero",
        title="Adam with beta_1 = 0",
        statement="Turn Adam's momentum off in both networks.",
        claims=(Claim("S0", "helps", "0.5 or even 0.0 instead of the default 0.9"),),
        following={"optimizer.generator.beta_1": 0.0, "optimizer.discriminator.beta_1": 0.0},
        ignoring={"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9},
        literature="Gulrajani et al. 2017 (WGAN-GP)",
    ),
    Tip(
        id="rmsprop",
        title="RMSProp",
        statement="Train both networks with RMSProp instead of Adam.",
        claims=(
            Claim(
                "S2",
                "helps",
                "more stable, says the LSGAN paper",
                condition="least_squares",
                of="stability",
            ),
            Claim("S2", "hurts", "Adam usually works better than other methods"),
        ),
        following={
            "optimizer.generator.name": "rmsprop",
            "optimizer.discriminator.name": "rmsprop",
        },
        ignoring={"optimizer.generator.name": "adam", "optimizer.discriminator.name": "adam"},
        literature="Tieleman & Hinton 2012; Mao et al. 2017 (LSGAN)",
    ),
    Tip(
        id="generator_ema",
        title="Moving average of the generator",
        statement="Sample from and score an exponential moving average of the generator's weights.",
        claims=(
            Claim("S0", "helps", "lowers KID's variance and averages out palette changes"),
            Claim("S2", "helps", "used by BigGAN for sampling"),
        ),
        following={"training.ema": 0.99},
        ignoring={"training.ema": 0.0},
        literature="Yazici et al. 2018",
    ),
    Tip(
        id="several_discriminator_steps",
        title="Several discriminator steps",
        statement="Update the discriminator five times for every update of the generator.",
        claims=(
            Claim("S0", "helps", "can help if one has the resources; 1:1 is the default"),
            Claim("S2", "depends", "5:1 was tested; many doubt its benefit"),
        ),
        following={"training.discriminator_steps": 5},
        ignoring={"training.discriminator_steps": 1},
        literature="Goodfellow et al. 2014; Gulrajani et al. 2017",
    ),
    Tip(
        id="dynamic_balance",
        title="Balance by the losses",
        statement="Skip the update of a network whose loss is more than five times lower than the "
        "other's.",
        claims=(
            Claim("S1", "hurts", "scheduling by changes in loss is intuitive but unreliable"),
            Claim("S2", "depends", "a solution seems elusive, and some doubt that one is needed"),
        ),
        following={"training.balance": "loss"},
        ignoring={"training.balance": "none"},
        literature="Goodfellow 2016 (NIPS tutorial)",
        needs="a loss whose two sides have the same scale: cross-entropy, least squares or "
        "relativistic",
    ),
    Tip(
        id="batch_size_128",
        title="Batches of 128",
        statement="Use a batch size of 128 instead of 32.",
        claims=(
            Claim("S0", "depends", "what the example uses"),
            Claim("S1", "helps", "a modest batch size of 128"),
        ),
        following={"training.batch_size": 128},
        ignoring={"training.batch_size": 32},
        literature="Radford et al. 2015 (DCGAN)",
    ),
    Tip(
        id="large_batch",
        title="Larger batches",
        statement="Use a batch four times as large.",
        claims=(
            Claim("S2", "helps", "FID falls from 18.65 to 12.39 between 256 and 2048"),
            Claim(
                "S2",
                "hurts",
                "unstable, and even collapses",
                condition="late_in_training",
                of="stability",
            ),
        ),
        following={"training.batch_size": {"times": 4}},
        ignoring={"training.batch_size": {"times": 1}},
        literature="Brock et al. 2019 (BigGAN)",
    ),
    Tip(
        id="separate_learning_rates",
        title="A faster discriminator",
        statement="Give the discriminator three times the generator's learning rate.",
        claims=(
            Claim("S0", "helps", "can help if one has the resources; the same is the default"),
            Claim("S2", "depends", "3e-4 and 1e-4 in a WGAN-GP example"),
            Claim("S4", "helps", "balance the two by their rates"),
        ),
        following={
            "optimizer.discriminator.learning_rate": {
                "of": "optimizer.generator.learning_rate",
                "times": 3,
            }
        },
        ignoring={
            "optimizer.discriminator.learning_rate": {
                "of": "optimizer.generator.learning_rate",
                "times": 1,
            }
        },
        literature="Heusel et al. 2017 (TTUR)",
    ),
    Tip(
        id="long_training",
        title="A longer training",
        statement="Train four times as long.",
        claims=(
            Claim("S0", "helps", "400 epochs for good results, where the log has 10"),
            Claim(
                "S2",
                "depends",
                "unstable, and even collapses",
                condition="large_batches",
                of="stability",
            ),
        ),
        following={"training.kimg": {"times": 4}},
        ignoring={"training.kimg": {"times": 1}},
        literature="Brock et al. 2019 (BigGAN)",
    ),
    Tip(
        id="historical_averaging",
        title="Historical averaging",
        statement="Penalise both networks for the squared distance of their parameters from the "
        "mean of all before.",
        claims=(
            Claim("S1", "helps", "update the loss to incorporate history"),
            Claim("S2", "helps", "damps models that circle around the equilibrium", of="stability"),
        ),
        # no source names a weight, so it is chosen by its pull, as a share of the loss's gradient
        # (medians of the second half, D and G; digits at 16 px, 1,200 updates, and CIFAR-10 at
        # 16 px, 800): at 1e-3 below .0015 everywhere, so nothing; at 0.1 .05 and .09, .03 and .07;
        # at 1 .44 and .45, .26 and .44 (CIFAR-10 at 32 px, 160 updates: .19 and .23); at 10 .93
        # and .81 on digits: a leash
        following={
            "penalties.historical.weight": 1.0,
            "penalties.historical.generator_weight": 1.0,
        },
        ignoring={
            "penalties.historical.weight": 0.0,
            "penalties.historical.generator_weight": 0.0,
        },
        literature="Salimans et al. 2016",
    ),
    Tip(
        id="experience_replay",
        title="Experience replay",
        statement="Draw half of the generated images that the discriminator sees from those of "
        "past iterations.",
        claims=(Claim("S2", "helps", "keeps it from overfitting to one moment of the generator"),),
        following={"training.replay": 0.5},
        ignoring={"training.replay": 0.0},
        literature="Shrivastava et al. 2017",
    ),
    Practice(
        id="lower_learning_rate_after_collapse",
        title="A lower learning rate after a collapse",
        statement="After mode collapse, lower the learning rate and train again.",
        claims=(Claim("S2", "helps", "may mitigate mode collapse"),),
        literature="Lucic et al. 2018",
        kind="advice",
        how="A choice made after the result was seen, so no cell of a declared design. Collapses "
        "are flagged, and learning rates are knobs.",
        test="tests/unit/metrics/test_health.py::test_collapse_is_a_loss_of_coverage",
    ),
    Practice(
        id="tune_hyperparameters_before_loss",
        title="Hyperparameters before losses",
        statement="Tune hyperparameters before trying other cost functions.",
        claims=(Claim("S2", "helps", "may give a better return than another cost function"),),
        literature="Lucic et al. 2018",
        kind="advice",
        how="It is about the order of work, not about a trained result; loss_ablation and "
        "beta1_ablation measure both kinds of change from one baseline.",
    ),
    Practice(
        id="random_seeds",
        title="Several random seeds",
        statement="Train with several seeds, since results vary between them.",
        claims=(
            Claim("S2", "depends", "FIDs vary over 50 runs, in a relatively small range"),
            Claim("S2", "depends", "a collapsed run is restarted", condition="least_squares"),
        ),
        literature="Lucic et al. 2018",
        kind="protocol",
        how="Every cell is trained with all seeds of the study; effects are differences by seed.",
        test="tests/unit/plan/test_design_expand.py::"
        "test_trials_are_seed_major_and_keyed_by_what_they_train",
    ),
    Practice(
        id="no_early_stopping",
        title="No early stopping",
        statement="Do not stop a training because a loss rises.",
        claims=(Claim("S2", "helps", "cost may go up and down; watch results instead"),),
        literature="Goodfellow 2016 (NIPS tutorial)",
        kind="default",
        how="A training ends with its budget, or at the iteration that leaves a loss or weight not "
        "finite; nothing else stops it.",
        test="tests/gan/test_step.py::test_divergence_ends_the_training_at_that_very_iteration",
    ),
    Practice(
        id="frequent_checkpoints",
        title="Frequent checkpoints",
        statement="Save checkpoints frequently.",
        claims=(Claim("S2", "helps", "large models collapse late"),),
        literature="Brock et al. 2019 (BigGAN)",
        kind="default",
        how="A checkpoint at least once a minute; the generators of the evaluations in the "
        "last fifth, the best and the last one are kept.",
        test="tests/gan/test_listener.py::test_the_generators_of_the_last_fifth_the_best_and_the_last_are_kept",
    ),
    Practice(
        id="best_checkpoint_by_kid",
        title="The best checkpoint by KID",
        statement="Keep the model with the lowest validation KID.",
        claims=(Claim("S0", "depends", "saves the best model by its validation KID"),),
        literature="Bińkowski et al. 2018 (KID)",
        kind="default",
        how="The generator with the lowest KID is kept in addition to the last ones; the "
        "comparison uses the "
        "mean of the last fifth, since the lowest of many noisy values is too low.",
        test="tests/gan/test_listener.py::test_the_generators_of_the_last_fifth_the_best_and_the_last_are_kept",
    ),
    Practice(
        id="separate_optimizers",
        title="An optimiser for each network",
        statement="Use separate optimiser instances for generator and discriminator.",
        claims=(Claim("S0", "depends", "one Adam instance each"),),
        literature="Kingma & Ba 2015 (Adam)",
        kind="default",
        how="Each network has its own optimiser, with separate hyper-parameters and moments.",
        test="tests/gan/test_step.py::test_each_update_changes_its_own_network_only",
    ),
)
