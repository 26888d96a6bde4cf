#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes ten test images as PNG files, the labels, and the outputs the model must give.

The images are the first one of each class in the test set: images/NAME_INDEX.png, 28x28 pixels of
8-bit grey. expected.json has the int8 outputs of the TensorFlow Lite reference kernels for them.
"""

import argparse
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

import fashion_mnist
import reference


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=reference.DEFAULT_MODEL,
        metavar="FILE",
        help="the int8 model (default: the one beside this script)",
    )
    parser.add_argument(
        "--output-dir",
        type=Path,
        default=Path(__file__).resolve().parent,
        metavar="DIR",
        help="where to write images/, labels.txt and expected.json (default: the script's folder)",
    )
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        model = args.model.read_bytes()
        images, labels = fashion_mnist.load("test")
        (args.output_dir / "images").mkdir(parents=True, exist_ok=True)
    except (OSError, fashion_mnist.DatasetError) as error:
        sys.exit(f"error: {error}")

    indices = first_of_each_class(labels)
    interpreter = reference.reference_interpreter(model)
    outputs = reference.run(interpreter, images[indices])

    entries = []
    for index, output in zip(indices, outputs, strict=True):
        name = fashion_mnist.CLASS_NAMES[labels[index]]
        file = f"images/{slug(name)}_{index}.png"
        (args.output_dir / file).write_bytes(grey_png(images[index]))
        entries.append(
            {
                "file": file,
                "test_index": index,
                "label": int(labels[index]),
                "class": name,
                "output": output.tolist(),
            }
        )
    expected = {
        "model": args.model.name,
        "model_sha256": hashlib.sha256(model).hexdigest(),
        "kernels": "TensorFlow Lite BUILTIN_REF",
        "input": tensor_format(interpreter.get_input_details()[0]),
        "output": tensor_format(interpreter.get_output_details()[0]),
        "images": entries,
    }
    write_text(args.output_dir / "expected.json", to_json(expected))
    write_text(args.output_dir / "labels.txt", "\n".join(fashion_mnist.CLASS_NAMES) + "\n")
    print(f"wrote {len(entries)} images, labels.txt and expected.json to {args.output_dir}")


def first_of_each_class(labels):
    return [int(np.argmax(labels == label)) for label in range(len(fashion_mnist.CLASS_NAMES))]


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def grey_png(image):
    height, width = image.shape
    # Each row starts with its filter type; 0 is "none".
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(rows, 9))
        + png_chunk(b"IEND", b"")
    )


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tensor_format(details):
    scale, zero_point = details["quantization"]
    return {
        "shape": details["shape"].tolist(),
        "type": np.dtype(details["dtype"]).name,
        "scale": float(scale),
        "zero_point": int(zero_point),
    }


def to_json(value):
    text = json.dumps(value, indent=2)
    # One line for each list of numbers instead of one for each number.
    return re.sub(r"\[[\s\d,-]*\]", lambda match: json.dumps(json.loads(match[0])), text) + "\n"


def write_text(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
