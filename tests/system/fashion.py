# SPDX-License-Identifier: MIT
"""The ten committed pictures of clothes as a stream of bytes, and what the reference kernels say of them."""
import gzip
import json
import os

from tap import Skip

FOLDER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../examples/fashion-mnist")
PIXELS = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
BYTES = 28 * 28


def stream():
    """(The pictures one behind the other, [(label, score)])."""
    if not os.path.exists(PIXELS):
        raise Skip("no data set, Debian's dataset-fashion-mnist")
    with open(os.path.join(FOLDER, "expected.json"), encoding="utf-8") as file:
        images = json.load(file)["images"]
    with gzip.open(PIXELS) as file:
        data = file.read()[16:]
    return (b"".join(data[BYTES * image["test_index"]:][:BYTES] for image in images),
            [(image["class"], (max(image["output"]) + 128) / 256) for image in images])


def same(printed, answers):
    """Whether lines of label and score are these. One LSB an operation may become some of the softmax."""
    lines = [line.rsplit(" ", 1) for line in printed.splitlines()]
    assert [label for label, _ in lines] == [label for label, _ in answers], printed
    assert all(abs(float(score) - wanted) < 0.1 for (_, score), (_, wanted) in zip(lines, answers)), (printed, answers)
