"""The baseline: S0 (Keras' ADA-GAN example) written plainly in today's Keras, as a user would.

`python -m benchmarks.keras_example --help` lists its options. It prints one line of JSON when it
ends. Nothing in it is slower or faster than the document has it, and Keras' defaults are kept.
"""

import argparse
import itertools
import json
import time
from dataclasses import asdict, fields, replace

import keras
import psutil
import tensorflow as tf

from benchmarks.keras_data import Settings, prepare_dataset
from benchmarks.keras_parts import (
    KID,
    NOISE_SIZE,
    AdaptiveAugmenter,
    get_discriminator,
    get_encoder,
    get_generator,
    step,
)

LEARNING_RATE = 2e-4
EMA = 0.99


class GAN_ADA(keras.Model):
    """S0's model: both networks, trained from one forward pass each."""

    def __init__(self, settings: Settings, encoder: keras.Model) -> None:
        super().__init__()
        self.batch_size = settings.batch_size
        self.encoder = encoder
        self.augmenter = AdaptiveAugmenter(settings)
        self.generator = get_generator(settings)
        self.ema_generator = keras.models.clone_model(self.generator)
        self.discriminator = get_discriminator(settings)

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        **kwargs: object,
    ) -> None:
        super().compile(**kwargs)
        # separate optimizers for the two networks
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer

        self.generator_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.discriminator_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.real_accuracy = keras.metrics.BinaryAccuracy(name="real_acc")
        self.generated_accuracy = keras.metrics.BinaryAccuracy(name="gen_acc")
        self.augmentation_probability_tracker = keras.metrics.Mean(name="aug_p")
        self.kid = KID(self.encoder)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [
            self.generator_loss_tracker,
            self.discriminator_loss_tracker,
            self.real_accuracy,
            self.generated_accuracy,
            self.augmentation_probability_tracker,
            self.kid,
        ]

    def generate(self, batch_size: int, training: bool) -> tf.Tensor:
        latent_samples = tf.random.normal(shape=(batch_size, NOISE_SIZE))
        # use ema_generator during inference
        if training:
            return self.generator(latent_samples, training=training)
        return self.ema_generator(latent_samples, training=training)

    def adversarial_loss(
        self, real_logits: tf.Tensor, generated_logits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        # this is usually called the non-saturating GAN loss
        real_labels = tf.ones(shape=(self.batch_size, 1))
        generated_labels = tf.zeros(shape=(self.batch_size, 1))

        # the generator tries to produce images that the discriminator considers as real
        generator_loss = keras.losses.binary_crossentropy(
            real_labels, generated_logits, from_logits=True
        )
        # the discriminator tries to determine if images are real or generated
        discriminator_loss = keras.losses.binary_crossentropy(
            tf.concat([real_labels, generated_labels], axis=0),
            tf.concat([real_logits, generated_logits], axis=0),
            from_logits=True,
        )
        return tf.reduce_mean(generator_loss), tf.reduce_mean(discriminator_loss)

    def train_step(self, real_images: tf.Tensor) -> dict[str, tf.Tensor]:
        real_images = self.augmenter(real_images, training=True)

        # use persistent gradient tape because gradients will be calculated twice
        with tf.GradientTape(persistent=True) as tape:
            generated_images = self.generate(self.batch_size, training=True)
            # gradient is calculated through the image augmentation
            generated_images = self.augmenter(generated_images, training=True)

            # separate forward passes for the real and generated images, meaning
            # that batch normalization is applied separately
            real_logits = self.discriminator(real_images, training=True)
            generated_logits = self.discriminator(generated_images, training=True)

            generator_loss, discriminator_loss = self.adversarial_loss(
                real_logits, generated_logits
            )

        # calculate gradients and update weights
        generator_gradients = tape.gradient(generator_loss, self.generator.trainable_weights)
        discriminator_gradients = tape.gradient(
            discriminator_loss, self.discriminator.trainable_weights
        )
        self.generator_optimizer.apply_gradients(
            zip(generator_gradients, self.generator.trainable_weights, strict=True)
        )
        self.discriminator_optimizer.apply_gradients(
            zip(discriminator_gradients, self.discriminator.trainable_weights, strict=True)
        )

        # update the augmentation probability based on the discriminator's performance
        self.augmenter.update(real_logits)

        self.generator_loss_tracker.update_state(generator_loss)
        self.discriminator_loss_tracker.update_state(discriminator_loss)
        self.real_accuracy.update_state(1.0, step(real_logits))
        self.generated_accuracy.update_state(0.0, step(generated_logits))
        self.augmentation_probability_tracker.update_state(self.augmenter.probability)

        # track the exponential moving average of the generator's weights to decrease
        # variance in the generation quality
        for weight, ema_weight in zip(
            self.generator.weights, self.ema_generator.weights, strict=True
        ):
            ema_weight.assign(EMA * ema_weight + (1 - EMA) * weight)

        # KID is not measured during the training phase for computational efficiency
        return {m.name: m.result() for m in self.metrics[:-1]}

    def test_step(self, real_images: tf.Tensor) -> dict[str, tf.Tensor]:
        generated_images = self.generate(self.batch_size, training=False)

        self.kid.update_state(real_images, generated_images)

        # only KID is measured during the evaluation phase for computational efficiency
        return {self.kid.name: self.kid.result()}


def build(settings: Settings) -> GAN_ADA:
    """The compiled model."""
    keras.utils.set_random_seed(settings.seed)
    encoder = get_encoder(settings)  # before the policy is set: features stay float32
    if settings.precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = GAN_ADA(settings, encoder)
    model.compile(
        generator_optimizer=keras.optimizers.Adam(LEARNING_RATE, settings.beta_1),
        discriminator_optimizer=keras.optimizers.Adam(LEARNING_RATE, settings.beta_1),
    )
    # layers took the policy over; whatever else runs in this process keeps its own
    keras.mixed_precision.set_global_policy("float32")
    return model


def seconds_since_start() -> float:
    """Since the process began: a user waits for the imports, too."""
    return time.time() - psutil.Process().create_time()


class Clock(keras.callbacks.Callback):
    """When each training step of each epoch ended, in seconds since the process began."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[list[float]] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.epochs.append([])

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.epochs[-1].append(seconds_since_start())

    def seconds_a_step(self) -> float:
        """Mean over all steps but the first of an epoch, which wait for something else."""
        gaps = [b - a for ends in self.epochs for a, b in itertools.pairwise(ends)]
        return sum(gaps[1:]) / len(gaps[1:])


def run(settings: Settings) -> dict[str, object]:
    """Evaluate the untrained generator, train, and evaluate as often as asked."""
    train_dataset = prepare_dataset(settings, "train")
    val_dataset = prepare_dataset(settings, "test")
    model = build(settings)
    clock = Clock()
    kids = [model.evaluate(val_dataset, return_dict=True, verbose=0)["kid"]]
    history = model.fit(
        train_dataset,
        epochs=settings.evaluations,
        steps_per_epoch=settings.steps // settings.evaluations,
        validation_data=val_dataset,
        callbacks=[clock],
        verbose=0,
    )
    return {
        "seconds": seconds_since_start(),
        "seconds_to_first_step": clock.epochs[0][0],
        "images_per_second": settings.batch_size / clock.seconds_a_step(),
        "kids": [float(kid) for kid in (*kids, *history.history["val_kid"])],
        "settings": asdict(settings),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="S0 in plain Keras, the benchmarks' baseline.")
    for field in fields(Settings):
        kind = type(field.default) if field.default is not None else float
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=kind, default=field.default, metavar=kind.__name__)
    settings = replace(Settings(), **vars(parser.parse_args()))
    if settings.data not in ("digits", "cifar10", "noise"):
        parser.error("--data: digits, cifar10 or noise")
    if settings.precision not in ("float32", "bfloat16"):
        parser.error("--precision: float32 or bfloat16")
    if settings.steps % settings.evaluations:
        parser.error("--steps must be a multiple of --evaluations")
    print(json.dumps(run(settings)))


if __name__ == "__main__":
    main()
