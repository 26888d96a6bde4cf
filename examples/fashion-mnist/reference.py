#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs an int8 model over the 10,000 test images with the TensorFlow Lite reference kernels."""

import argparse
import os
import sys
import warnings
from pathlib import Path

import numpy as np

import fashion_mnist

DEFAULT_MODEL = Path(__file__).resolve().parent / "fashion_resnet_int8.tflite"


def import_tensorflow():
    # Both are read when TensorFlow is loaded, so they come before the import.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    try:
        import tensorflow
    except ImportError as error:
        sys.exit(f"error: {error}\nInstall it with: pip install -r requirements.txt")
    # The successor package has no public switch to the reference kernels.
    warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
    return tensorflow


def reference_interpreter(model):
    """An interpreter of the model (bytes) on the reference kernels, without any delegate."""
    tf = import_tensorflow()
    interpreter = tf.lite.Interpreter(
        model_content=model,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    return interpreter


def quantise(images, interpreter):
    """Turn uint8 pixels into the model's int8 input; a pixel p stands for p / 255."""
    scale, zero_point = interpreter.get_input_details()[0]["quantization"]
    # float64, so that the quotient of p / 255 and 1 / 255 stays clear of the halves.
    levels = np.rint(images.astype(np.float64) / 255 / scale) + zero_point
    return np.clip(levels, -128, 127).astype(np.int8)


def run(interpreter, images, progress=None):
    """Return the int8 outputs [n, 10] for uint8 images [n, 28, 28]."""
    input_index = interpreter.get_input_details()[0]["index"]
    output_index = interpreter.get_output_details()[0]["index"]
    inputs = quantise(images, interpreter)[:, np.newaxis, :, :, np.newaxis]
    outputs = []
    for done, tensor in enumerate(inputs, start=1):
        interpreter.set_tensor(input_index, tensor)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(output_index)[0])
        if progress and done % 1000 == 0:
            progress(done, len(inputs))
    return np.array(outputs, np.int8)


def accuracy(outputs, labels):
    return float(np.mean(np.argmax(outputs, axis=1) == labels))


def print_progress(done, total):
    print(f"  {done}/{total} images", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=DEFAULT_MODEL)
    parser.add_argument(
        "--outputs",
        type=Path,
        metavar="FILE",
        help="write the int8 outputs to FILE, 10 bytes per image in the test set's order",
    )
    args = parser.parse_args()
    try:
        model = args.model.read_bytes()
        images, labels = fashion_mnist.load("test")
    except (OSError, fashion_mnist.DatasetError) as error:
        sys.exit(f"error: {error}")
    outputs = run(reference_interpreter(model), images, print_progress)
    print(f"int8 test accuracy (reference kernels): {accuracy(outputs, labels):.2%}")
    if args.outputs:
        args.outputs.write_bytes(outputs.tobytes())
        print(f"wrote {args.outputs} ({outputs.size} bytes)")


if __name__ == "__main__":
    main()
