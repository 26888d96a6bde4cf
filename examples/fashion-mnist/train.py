#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains a small residual network on Fashion-MNIST and converts it to an int8 .tflite file.

Needs Debian's dataset-fashion-mnist package and, in a virtual environment of Python 3.11, what
"pip install -r requirements.txt" installs. The same versions on the same kind of processor give
the same file, byte for byte.
"""

import argparse
import contextlib
import hashlib
import io
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import fashion_mnist
import reference

MODEL_NAME = "fashion_resnet_int8.tflite"
MIN_ACCURACY = 0.90
MAX_BYTES = 200_000


@dataclass(frozen=True)
class Settings:
    seed: int = 2024
    # Sums are split by thread, so another number of threads rounds to another model.
    threads: int = 2
    stem_channels: int = 16
    block_channels: tuple = (32, 64)
    pool: int = 7
    epochs: int = 12
    batch_size: int = 128
    warmup_epochs: float = 1.0
    peak_learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    max_shift: int = 1
    calibration_images: int = 500


def parse_args(settings):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--output-dir",
        type=Path,
        default=Path(__file__).resolve().parent,
        metavar="DIR",
        help=f"where to write {MODEL_NAME} (default: the script's folder)",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        default=settings.epochs,
        metavar="N",
        help="passes over the training images (default: %(default)s, as the shipped model)",
    )
    return parser.parse_args()


def positive_int(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number above 0: {text!r}")
    return int(text)


def main():
    settings = Settings()
    args = parse_args(settings)
    try:
        train_images, train_labels = fashion_mnist.load("train")
        test_images, test_labels = fashion_mnist.load("test")
        args.output_dir.mkdir(parents=True, exist_ok=True)
    except (OSError, fashion_mnist.DatasetError) as error:
        sys.exit(f"error: {error}")

    tf = reference.import_tensorflow()
    make_deterministic(tf, settings)
    print(f"TensorFlow {tf.__version__}, Keras {tf.keras.__version__}, {args.epochs} epochs")

    start = time.monotonic()
    network = build_network(tf, settings)
    train(tf, network, train_images, train_labels, settings, args.epochs)
    print(f"trained in {time.monotonic() - start:.0f} s")

    print("quantising ...", flush=True)
    model = convert(tf, network, calibration_set(train_images, settings))
    path = args.output_dir / MODEL_NAME
    path.write_bytes(model)
    print(f"wrote {path}: {len(model)} bytes, sha256 {hashlib.sha256(model).hexdigest()}")

    print("testing the int8 model with the reference kernels ...", flush=True)
    outputs = reference.run(
        reference.reference_interpreter(model), test_images, reference.print_progress
    )
    float_accuracy = reference.accuracy(
        network.predict(as_input(test_images), batch_size=500, verbose=0), test_labels
    )
    int8_accuracy = reference.accuracy(outputs, test_labels)
    print(f"float test accuracy: {float_accuracy:.2%}")
    print(f"int8 test accuracy (reference kernels): {int8_accuracy:.2%}")

    if int8_accuracy < MIN_ACCURACY:
        sys.exit(f"error: the int8 accuracy is below {MIN_ACCURACY:.0%}")
    if len(model) > MAX_BYTES:
        sys.exit(f"error: the model is larger than {MAX_BYTES} bytes")


def make_deterministic(tf, settings):
    tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(settings.seed)


def build_network(tf, settings):
    """The network up to its logits, for float pixels in 0..1."""
    layers = tf.keras.layers

    def convolution(x, channels, kernel, stride):
        x = layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    def residual_block(x, channels):
        shortcut = convolution(x, channels, kernel=1, stride=2)
        x = layers.ReLU()(convolution(x, channels, kernel=3, stride=2))
        x = convolution(x, channels, kernel=3, stride=1)
        return layers.ReLU()(layers.Add()([x, shortcut]))

    size = fashion_mnist.IMAGE_SIZE
    image = layers.Input((size, size, 1))
    x = layers.ReLU()(convolution(image, settings.stem_channels, kernel=3, stride=1))
    for channels in settings.block_channels:
        x = residual_block(x, channels)
    x = layers.AveragePooling2D(settings.pool)(x)
    x = layers.Flatten()(x)
    logits = layers.Dense(len(fashion_mnist.CLASS_NAMES))(x)
    return tf.keras.Model(image, logits)


def train(tf, network, images, labels, settings, epochs):
    steps_per_epoch = -(-len(images) // settings.batch_size)
    warmup_steps = int(settings.warmup_epochs * steps_per_epoch)
    learning_rate = tf.keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=settings.peak_learning_rate,
        warmup_steps=warmup_steps,
        decay_steps=max(1, epochs * steps_per_epoch - warmup_steps),
    )
    network.compile(
        optimizer=tf.keras.optimizers.AdamW(learning_rate, weight_decay=settings.weight_decay),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    generator = np.random.default_rng(settings.seed)
    for epoch in range(epochs):
        order = generator.permutation(len(images))
        start = time.monotonic()
        history = network.fit(
            as_input(augment(images[order], settings.max_shift, generator)),
            labels[order],
            batch_size=settings.batch_size,
            shuffle=False,
            verbose=0,
        ).history
        print(
            f"epoch {epoch + 1}/{epochs}: loss {history['loss'][0]:.4f}, "
            f"accuracy {history['accuracy'][0]:.2%}, {time.monotonic() - start:.0f} s",
            flush=True,
        )


def augment(images, max_shift, generator):
    """Mirror half of the images and shift each by up to max_shift pixels."""
    count, height, width = images.shape
    mirrored = generator.random(count) < 0.5
    images = np.where(mirrored[:, None, None], images[:, :, ::-1], images)
    margin = ((0, 0), (max_shift, max_shift), (max_shift, max_shift))
    padded = np.pad(images, margin)
    top, left = generator.integers(0, 2 * max_shift + 1, (2, count, 1, 1))
    rows = top + np.arange(height)[:, None]
    columns = left + np.arange(width)
    return padded[np.arange(count)[:, None, None], rows, columns]


def as_input(images):
    return images[..., np.newaxis].astype(np.float32) / 255


def calibration_set(images, settings):
    generator = np.random.default_rng(settings.seed)
    return images[generator.choice(len(images), settings.calibration_images, replace=False)]


def convert(tf, network, calibration_images):
    size = fashion_mnist.IMAGE_SIZE
    # A fixed batch of one keeps SHAPE, STRIDED_SLICE and PACK out of the converted model.
    image = tf.keras.Input(batch_shape=(1, size, size, 1), name="image")
    classifier = tf.keras.Model(image, tf.keras.layers.Softmax()(network(image)))

    converter = tf.lite.TFLiteConverter.from_keras_model(classifier)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: (
        [image[np.newaxis]] for image in as_input(calibration_images)
    )
    # Keras lists every variable it exports, and the converter asks for statistics that only
    # quantisation-aware training has.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
        return converter.convert()


if __name__ == "__main__":
    main()
