"""The baseline's parts, as in S0: KID, the augmenter, the two networks."""

import keras
import tensorflow as tf
from keras import layers

from benchmarks.keras_data import Settings

KID_IMAGE_SIZE = 75
MAX_TRANSLATION = 0.125
MAX_ROTATION = 0.125
MAX_ZOOM = 0.25
TARGET_ACCURACY = 0.85
INTEGRATION_STEPS = 1000
NOISE_SIZE = 64
LEAKY_RELU_SLOPE = 0.2
DROPOUT_RATE = 0.4


# Kernel Inception Distance


def get_encoder(settings: Settings) -> keras.Sequential:
    """Images in [0, 1] to features: InceptionV3 (its weights do not matter for time), or a file."""
    grey = [layers.Lambda(tf.image.grayscale_to_rgb)] if settings.channels == 1 else []
    if settings.encoder != "inception_v3":
        model = keras.saving.load_model(settings.encoder, compile=False)
        return keras.Sequential([layers.InputLayer(shape=settings.image_shape), *grey, model])
    kid_shape = (KID_IMAGE_SIZE, KID_IMAGE_SIZE, 3)
    return keras.Sequential(
        [
            layers.InputLayer(shape=settings.image_shape),
            *grey,
            layers.Rescaling(255.0),
            layers.Resizing(height=KID_IMAGE_SIZE, width=KID_IMAGE_SIZE),
            layers.Lambda(keras.applications.inception_v3.preprocess_input),
            keras.applications.InceptionV3(include_top=False, input_shape=kid_shape, weights=None),
            layers.GlobalAveragePooling2D(),
        ],
        name="inception_encoder",
    )


class KID(keras.metrics.Metric):
    """Real and generated images are encoded every time, as in S0."""

    def __init__(self, encoder: keras.Model, name: str = "kid", **kwargs: object) -> None:
        super().__init__(name=name, **kwargs)
        # KID is estimated per batch and is averaged across batches
        self.kid_tracker = keras.metrics.Mean()
        self.encoder = encoder

    def polynomial_kernel(self, features_1: tf.Tensor, features_2: tf.Tensor) -> tf.Tensor:
        feature_dimensions = tf.cast(tf.shape(features_1)[1], dtype=tf.float32)
        return (features_1 @ tf.transpose(features_2) / feature_dimensions + 1.0) ** 3.0

    def update_state(
        self, real_images: tf.Tensor, generated_images: tf.Tensor, sample_weight: None = None
    ) -> None:
        real_features = self.encoder(real_images, training=False)
        generated_features = self.encoder(generated_images, training=False)
        self.update_from_features(real_features, generated_features)

    def update_from_features(self, real_features: tf.Tensor, generated_features: tf.Tensor) -> None:
        kernel_real = self.polynomial_kernel(real_features, real_features)
        kernel_generated = self.polynomial_kernel(generated_features, generated_features)
        kernel_cross = self.polynomial_kernel(real_features, generated_features)

        # estimate the squared maximum mean discrepancy using the average kernel values
        batch_size = tf.shape(real_features)[0]
        batch_size_f = tf.cast(batch_size, dtype=tf.float32)
        mean_kernel_real = tf.reduce_sum(kernel_real * (1.0 - tf.eye(batch_size))) / (
            batch_size_f * (batch_size_f - 1.0)
        )
        mean_kernel_generated = tf.reduce_sum(kernel_generated * (1.0 - tf.eye(batch_size))) / (
            batch_size_f * (batch_size_f - 1.0)
        )
        mean_kernel_cross = tf.reduce_mean(kernel_cross)
        kid = mean_kernel_real + mean_kernel_generated - 2.0 * mean_kernel_cross
        self.kid_tracker.update_state(kid)

    def result(self) -> tf.Tensor:
        return self.kid_tracker.result()

    def reset_state(self) -> None:
        self.kid_tracker.reset_state()


# adaptive discriminator augmentation


def step(values: tf.Tensor) -> tf.Tensor:
    """Hard sigmoid: negative values to 0, positive values to 1."""
    return 0.5 * (1.0 + tf.sign(values))


class AdaptiveAugmenter(keras.Model):
    """Augments images with a probability that is updated during training, or held (for timing)."""

    def __init__(self, settings: Settings) -> None:
        # the gradient of an image transform exists in float32 only
        super().__init__(dtype="float32")
        self.batch_size = settings.batch_size
        self.adaptive = settings.augmentation_probability is None
        self.probability = tf.Variable(settings.augmentation_probability or 0.0, trainable=False)
        self.augmenter = keras.Sequential(
            [
                layers.InputLayer(shape=settings.image_shape),
                layers.RandomFlip("horizontal", dtype="float32"),
                layers.RandomTranslation(
                    height_factor=MAX_TRANSLATION,
                    width_factor=MAX_TRANSLATION,
                    interpolation="nearest",
                    dtype="float32",
                ),
                layers.RandomRotation(factor=MAX_ROTATION, dtype="float32"),
                layers.RandomZoom(
                    height_factor=(-MAX_ZOOM, 0.0), width_factor=(-MAX_ZOOM, 0.0), dtype="float32"
                ),
            ],
            name="adaptive_augmenter",
        )

    def call(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        if training:
            augmented_images = self.augmenter(images, training=training)
            # during training either the original or the augmented images are selected
            augmentation_values = tf.random.uniform(
                shape=(self.batch_size, 1, 1, 1), minval=0.0, maxval=1.0
            )
            augmentation_bools = tf.math.less(augmentation_values, self.probability)
            images = tf.where(augmentation_bools, augmented_images, images)
        return images

    def update(self, real_logits: tf.Tensor) -> None:
        current_accuracy = tf.reduce_mean(step(real_logits))
        accuracy_error = current_accuracy - TARGET_ACCURACY
        if self.adaptive:
            self.probability.assign(
                tf.clip_by_value(self.probability + accuracy_error / INTEGRATION_STEPS, 0.0, 1.0)
            )


# network architecture


def get_generator(settings: Settings) -> keras.Model:
    width = settings.width
    noise_input = keras.Input(shape=(NOISE_SIZE,))
    x = layers.Dense(4 * 4 * width, use_bias=False)(noise_input)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.ReLU()(x)
    x = layers.Reshape(target_shape=(4, 4, width))(x)
    for _ in range(settings.depth - 1):
        x = layers.Conv2DTranspose(width, kernel_size=4, strides=2, padding="same", use_bias=False)(
            x
        )
        x = layers.BatchNormalization(scale=False)(x)
        x = layers.ReLU()(x)
    image_output = layers.Conv2DTranspose(
        settings.channels,
        kernel_size=4,
        strides=2,
        padding="same",
        activation="sigmoid",
        dtype="float32",
    )(x)
    return keras.Model(noise_input, image_output, name="generator")


def get_discriminator(settings: Settings) -> keras.Model:
    image_input = keras.Input(shape=settings.image_shape)
    x = image_input
    for _ in range(settings.depth):
        x = layers.Conv2D(settings.width, kernel_size=4, strides=2, padding="same", use_bias=False)(
            x
        )
        x = layers.BatchNormalization(scale=False)(x)
        x = layers.LeakyReLU(negative_slope=LEAKY_RELU_SLOPE)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(DROPOUT_RATE)(x)
    output_score = layers.Dense(1, dtype="float32")(x)
    return keras.Model(image_input, output_score, name="discriminator")
