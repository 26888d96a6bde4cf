#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Classify pictures with TensorFlow Lite: classify.py MODEL.tflite PICTURE... [--delegate libdla_delegate.so]

Needs tflite-runtime or ai-edge-litert, NumPy and Pillow. It is a script as anybody writes one for the CPU; the line
with load_delegate() is all that an NVDLA needs.
"""
import argparse

import numpy as np
from PIL import Image

try:
    from tflite_runtime.interpreter import Interpreter, load_delegate
except ImportError:
    from ai_edge_litert.interpreter import Interpreter, load_delegate


def pixels(path, details):
    """A picture as the network's input."""
    _, height, width, channels = details["shape"]
    picture = Image.open(path).convert("L" if channels == 1 else "RGB").resize((width, height), Image.Resampling.BILINEAR)
    stored = np.asarray(picture, np.int16).reshape(details["shape"])
    # An int8 network's darkest pixel is -128, a uint8 network's 0.
    return (stored + np.iinfo(details["dtype"]).min).astype(details["dtype"])


def main():
    parser = argparse.ArgumentParser(description="Classify pictures with TensorFlow Lite.")
    parser.add_argument("model", help=".tflite file")
    parser.add_argument("picture", nargs="+")
    parser.add_argument("--labels", help="a text file with a class in each line")
    parser.add_argument("--delegate", help="what runs operations instead of the CPU, libdla_delegate.so")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                        help="of the delegate: device=auto, cache_dir=FOLDER, place=npu, log=info")
    arguments = parser.parse_args()

    delegates = []
    if arguments.delegate:
        delegates = [load_delegate(arguments.delegate, dict(option.split("=", 1) for option in arguments.option))]
    interpreter = Interpreter(arguments.model, experimental_delegates=delegates)
    interpreter.allocate_tensors()

    labels = []
    if arguments.labels:
        with open(arguments.labels, encoding="utf-8") as file:
            labels = file.read().splitlines()
    (details,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    for path in arguments.picture:
        interpreter.set_tensor(details["index"], pixels(path, details))
        interpreter.invoke()
        best = int(interpreter.get_tensor(output["index"]).argmax())
        print(f"{path}: {labels[best] if labels else best}")


if __name__ == "__main__":
    main()
