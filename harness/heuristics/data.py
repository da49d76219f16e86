"""Tips on the images, their range, and the latents."""

from harness.heuristics.schema import Claim, Practice, Tip

ROWS = (
    Practice(
        id="rescale_samples_to_bytes",
        title="Samples back to bytes",
        statement="Bring generated images back to 0 … 255 before they are shown or scored.",
        claims=(Claim("S4", "depends", "don't forget to multiply by 127.5 and add 127.5"),),
        literature="Radford et al. 2015 (DCGAN)",
        kind="default",
        how="Images are rounded to bytes, as in a PNG, before they are shown, exported or scored.",
        test="tests/gan/test_evaluate.py::test_bytes_are_what_a_png_holds",
    ),
    Practice(
        id="low_resolution_first",
        title="Low resolution first",
        statement="Experiment at 32 or 64 pixels before going higher.",
        claims=(Claim("S0", "helps", "training gets more difficult at higher resolutions"),),
        literature="Karras et al. 2018 (progressive growing)",
        kind="advice",
        how="Sizes have different validation images, so their KIDs are on different scales; run "
        "a study at data.image_size 32 and again at 64, and compare the rankings.",
    ),
    Practice(
        id="easy_data_first",
        title="An easy data set first",
        statement="Debug on MNIST or another established set before your own images.",
        claims=(Claim("S4", "helps", "problems are easier to diagnose where others have results"),),
        literature="LeCun et al. 1998 (MNIST)",
        kind="advice",
        how="It is about finding mistakes, not about the trained result. The embedded digits are "
        "what quickstart and every smoke profile train on.",
        test="tests/gan/data/test_image_loading.py::"
        "test_digits_are_the_originals_each_once_and_evenly_split",
    ),
    Practice(
        id="bounding_box_crop",
        title="Crops by bounding box",
        statement="Crop images to a square around the object's bounding box, with 25 % padding.",
        claims=(Claim("S0", "helps", "data quality matters", condition="fewer_than_6000_images"),),
        literature="Wah et al. 2011 (Caltech-UCSD Birds)",
        kind="default",
        how="Caltech Birds is cropped as in S0. Without the crop the validation images differ, "
        "so the two KIDs are not comparable.",
        test="tests/gan/data/test_tfds_source.py::test_bird_crop_is_s0s",
    ),
    Practice(
        id="shuffled_validation",
        title="Shuffled validation images",
        statement="Shuffle the validation images, since their order decides the blocks of KID.",
        claims=(Claim("S0", "depends", "data order matters for the KID calculation"),),
        literature="Bińkowski et al. 2018 (KID)",
        kind="protocol",
        how="Validation images are put into one random order, the same for all trials.",
        test="tests/gan/test_evaluate.py::test_validation_images_are_in_one_fixed_random_order",
    ),
    Practice(
        id="recipe_transfers_to_celeba",
        title="The recipe transfers to CelebA",
        statement="Use the same hyperparameters on other data sets, CelebA for example.",
        claims=(
            Claim("S0", "depends", "good results without changing any hyperparameter"),
            Claim("S0", "depends", "augmentation might not be necessary", condition="celeba"),
        ),
        literature="Liu et al. 2015 (CelebA)",
        kind="advice",
        how="Transfer is a comparison of two studies: run one with data.name celeb_a and one "
        "without, and compare the rankings.",
        test="tests/gan/data/test_tfds_source.py::test_centre_crops",
    ),
    Tip(
        id="pixels_in_minus_one_one",
        title="Pixels in [-1, 1]",
        statement="Scale images to the range from -1 to 1.",
        claims=(
            Claim("S1", "helps", "the only preprocessing of DCGAN"),
            Claim("S2", "helps", "scale the pixels between -1 and 1"),
            Claim("S3", "helps", "images are in this range"),
            Claim("S4", "helps", "rather than 0 and 1"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"training.pixel_range": "minus_one_one"},
        ignoring={"training.pixel_range": "zero_one"},
    ),
    Tip(
        id="pixels_in_zero_one",
        title="Pixels in [0, 1]",
        statement="Keep images in the range from 0 to 1.",
        claims=(
            Claim("S0", "no_effect", "images clipped to this range, for its sigmoid"),
            Claim("S4", "hurts", "between -1 and 1 rather than 0 and 1"),
        ),
        literature="Béres 2021 (Keras example)",
        following={"training.pixel_range": "zero_one"},
        ignoring={"training.pixel_range": "minus_one_one"},
    ),
    Tip(
        id="gaussian_latent",
        title="Gaussian latents",
        statement="Draw latents from a normal distribution.",
        claims=(
            Claim("S0", "depends", "what it does, with 64 of them"),
            Claim("S1", "helps", "sample Gaussian random numbers"),
            Claim("S2", "depends", "experiment with it"),
        ),
        literature="Chintala et al. 2016 (ganhacks)",
        following={"generator.latent": "normal"},
        ignoring={"generator.latent": "uniform"},
    ),
    Tip(
        id="uniform_latent",
        title="Uniform latents",
        statement="Draw latents from a uniform distribution.",
        claims=(Claim("S1", "depends", "DCGAN takes a uniform noise distribution"),),
        literature="Radford et al. 2015 (DCGAN)",
        following={"generator.latent": "uniform"},
        ignoring={"generator.latent": "normal"},
    ),
    Tip(
        id="truncation_trick",
        title="Truncation trick",
        statement="Sample images from latents truncated at 1, and train without truncation.",
        claims=(
            Claim("S2", "helps", "better single images", of="fidelity"),
            Claim("S2", "hurts", "less variety", of="variety"),
        ),
        literature="Brock et al. 2019 (BigGAN)",
        following={"generator.truncation": 1.0},
        ignoring={"generator.truncation": 0.0},
    ),
)
