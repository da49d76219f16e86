"""Tips on metrics, monitoring and failures: how the harness evaluates, and what it flags."""

from harness.heuristics.schema import Claim, Practice

ROWS = (
    Practice(
        id="kid_at_75_pixels",
        title="KID at 75 pixels",
        statement="Measure KID with InceptionV3 at 75 pixels, unbiased, averaged over batches.",
        claims=(Claim("S0", "helps", "suits small data sets, and is cheaper than FID"),),
        literature="Bińkowski et al. 2018 (KID)",
        kind="protocol",
        how="Protocol keras75, the default for colour images.",
        test="tests/gan/test_evaluate.py::test_blocks_equal_s0_on_equal_float_images_and_features",
    ),
    Practice(
        id="fid",
        title="FID",
        statement="Compare generators by the Fréchet distance between features.",
        claims=(
            Claim("S2", "depends", "what its tables of losses and of BigGAN are measured in"),
            Claim("S0", "depends", "no unbiased estimator: higher on fewer images; KID is lighter"),
        ),
        literature="Heusel et al. 2017",
        kind="protocol",
        how="Computed from the features of KID at the evaluations of the last fifth, and shown "
        "with it, without a verdict.",
        test="tests/unit/metrics/test_fid.py::test_it_is_the_formula",
    ),
    Practice(
        id="inception_score",
        title="Inception score",
        statement="Compare generators by how confidently and how diversely a classifier labels "
        "their images.",
        claims=(Claim("S2", "depends", "a column of its BigGAN table"),),
        literature="Salimans et al. 2016",
        kind="protocol",
        how="Computed where the encoder comes with class probabilities (classifier and "
        "inception_2015), and shown with KID, without a verdict.",
        test="tests/unit/metrics/test_inception_score.py::"
        "test_it_is_the_authors_of_as_many_splits_as_there_are_images_for",
    ),
    Practice(
        id="visual_inspection",
        title="Look at the samples",
        statement="Judge samples by eye, since no loss says how good they are.",
        claims=(
            Claim("S1", "helps", "no good objective metric; inspect generated examples"),
            Claim("S2", "helps", "monitor the results visually"),
        ),
        literature="Salimans et al. 2016",
        kind="protocol",
        how="Every evaluation writes a grid from the same latents in all trials; the report shows "
        "those of all cells side by side.",
        test="tests/unit/report/test_samples.py::test_the_seed_is_one_that_the_cells_finished",
    ),
    Practice(
        id="discriminator_accuracy_band",
        title="Accuracy between 80 and 95 %",
        statement="Watch that the discriminator's accuracy on real images stays at 80 to 95 %.",
        claims=(Claim("S0", "depends", "below, it is too weak; above, too strong"),),
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
        kind="diagnostic",
        how="Flags accuracy_below_band and accuracy_above_band, over the second half of a trial.",
        test="tests/unit/metrics/test_health.py::test_accuracy_outside_the_band",
    ),
    Practice(
        id="discriminator_loss_zero",
        title="A discriminator loss of zero",
        statement="Treat a discriminator loss of zero as a failure.",
        claims=(
            Claim("S1", "depends", "a loss of 0.0 is a failure mode"),
            Claim("S3", "depends", "a powerful discriminator reaches it, and G learns nothing"),
        ),
        literature="Chintala et al. 2016 (ganhacks)",
        kind="diagnostic",
        how="Flag discriminator_loss_zero, for losses that can reach zero.",
        test="tests/unit/metrics/test_health.py::test_a_loss_at_zero",
    ),
    Practice(
        id="generator_loss_falls",
        title="A generator loss that falls",
        statement="Treat a steadily falling generator loss as a sign that poor images fool the "
        "discriminator.",
        claims=(Claim("S1", "depends", "a failure: the discriminator is fooled with garbage"),),
        literature="Chintala et al. 2016 (ganhacks)",
        kind="diagnostic",
        how="Flag generator_loss_falls, where the loss falls over the second half of a trial while "
        "KID rises.",
        test="tests/unit/metrics/test_health.py::"
        "test_a_generator_loss_that_falls_while_images_get_worse",
    ),
    Practice(
        id="failure_modes",
        title="Failure modes",
        statement="Look for non-convergence, mode collapse, vanishing gradients and oscillation.",
        claims=(
            Claim("S1", "depends", "oscillation, mode collapse"),
            Claim("S2", "depends", "non-convergence, mode collapse, slow training"),
            Claim("S3", "depends", "NaN, and a discriminator that wins"),
        ),
        literature="Goodfellow 2016 (NIPS tutorial)",
        kind="diagnostic",
        how="A diverged trial ends and counts as a result; rebound, collapsed, "
        "discriminator_loss_zero, "
        "generator_loss_falls and the accuracy band are flags. The report has a section for them.",
        test="tests/unit/metrics/test_health.py::test_rebound_is_half_worse_than_the_best",
    ),
)
