#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mend what TensorFlow Lite refuses as "quantized_dimension must be in range": mend.py MODEL.tflite MENDED.tflite

Some converters gave biases, which have one dimension, the weights' dimension of scales, such as 3. TensorFlow Lite refuses
such a file before it asks any delegate. There is one dimension that can be meant; nothing else of the file is changed.
"""
import argparse
import struct
import sys

# Numbers of fields in TensorFlow Lite's schema.
MODEL_SUBGRAPHS, SUBGRAPH_TENSORS = 2, 0
TENSOR_SHAPE, TENSOR_NAME, TENSOR_QUANTISATION = 0, 3, 4
QUANTISATION_SCALE, QUANTISATION_DIMENSION = 2, 6


class Table:
    """A table of a FlatBuffers file."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - number(data, "<i", at)

    def field(self, index):
        """Where it is; None if it has its default."""
        offset = 4 + 2 * index
        if offset + 2 > number(self.data, "<H", self.fields):
            return None
        within = number(self.data, "<H", self.fields + offset)
        return self.at + within if within else None

    def child(self, index):
        """Where what a field refers to begins."""
        at = self.field(index)
        return None if at is None else at + number(self.data, "<I", at)

    def numbers(self, index, kind):
        """A vector's."""
        at = self.child(index)
        return () if at is None else struct.unpack_from(f"<{number(self.data, '<I', at)}{kind}", self.data, at + 4)

    def tables(self, index):
        """Likewise of a vector of tables."""
        at = self.child(index)
        for entry in range(at + 4, at + 4 + 4 * number(self.data, "<I", at), 4) if at is not None else ():
            yield Table(self.data, entry + number(self.data, "<I", entry))


def number(data, kind, at):
    return struct.unpack_from(kind, data, at)[0]


def mend(data):
    """Names of the tensors in whose quantisation the dimension was wrong, and is 0 now."""
    found = []
    for subgraph in Table(data, number(data, "<I", 0)).tables(MODEL_SUBGRAPHS):
        for tensor in subgraph.tables(SUBGRAPH_TENSORS):
            if tensor.field(TENSOR_QUANTISATION) is None:
                continue
            quantisation = Table(data, tensor.child(TENSOR_QUANTISATION))
            shape, scales = tensor.numbers(TENSOR_SHAPE, "i"), quantisation.numbers(QUANTISATION_SCALE, "f")
            at = quantisation.field(QUANTISATION_DIMENSION)
            if at is None or not shape or not scales or 0 <= number(data, "<i", at) < len(shape):
                continue
            name = bytes(tensor.numbers(TENSOR_NAME, "B")).decode(errors="replace")
            if len(scales) > 1 and shape != (len(scales),):
                raise ValueError(f"{name}: which of its dimensions the scales belong to cannot be known")
            struct.pack_into("<i", data, at, 0)
            found.append(name)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("mended")
    arguments = parser.parse_args()
    try:
        with open(arguments.model, "rb") as file:
            data = bytearray(file.read())
        if data[4:8] != b"TFL3":
            raise ValueError(f"{arguments.model} is no TensorFlow Lite file")
        found = mend(data)
        with open(arguments.mended, "wb") as file:
            file.write(data)
    except (OSError, ValueError, struct.error) as error:
        sys.exit(f"mend.py: {error}")
    print(f"{len(found)} tensors mended" + "".join(f"\n  {name}" for name in found))


if __name__ == "__main__":
    main()
