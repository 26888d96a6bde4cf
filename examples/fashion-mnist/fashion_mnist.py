# SPDX-License-Identifier: MIT
"""Reads the Fashion-MNIST images and labels that Debian's package installs."""

import gzip
from pathlib import Path

import numpy as np

DATASET_DIR = Path("/usr/share/datasets/fashion-mnist")
IMAGE_SIZE = 28
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


class DatasetError(Exception):
    """The data set is missing or damaged; the message says what to do."""


def load(split, directory=DATASET_DIR):
    """Return (images, labels) of "train" or "test": uint8 [n, 28, 28] and uint8 [n]."""
    images_name, labels_name = FILES[split]
    images = _read_idx(Path(directory) / images_name, dimensions=3)
    labels = _read_idx(Path(directory) / labels_name, dimensions=1)
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        raise DatasetError(f"{images_name}: images of {images.shape[1:]}, not 28x28")
    if len(images) != len(labels):
        raise DatasetError(
            f"{images_name} has {len(images)} images but {labels_name} has {len(labels)} labels"
        )
    return images, labels


def _read_idx(path, dimensions):
    try:
        with gzip.open(path) as file:
            data = file.read()
    except FileNotFoundError:
        raise DatasetError(
            f"{path} not found; install the data set with:\n"
            "    apt-get install dataset-fashion-mnist"
        ) from None
    except (OSError, EOFError) as error:
        raise DatasetError(f"cannot read {path}: {error}") from None
    header_size = 4 + 4 * dimensions
    # An idx file starts with 0, 0, the element type (8 = unsigned byte) and the dimensions.
    if len(data) < header_size or data[:4] != bytes((0, 0, 8, dimensions)):
        raise DatasetError(f"{path} is not an idx file of {dimensions}-dimensional bytes")
    shape = tuple(int(n) for n in np.frombuffer(data, ">u4", dimensions, offset=4))
    values = np.frombuffer(data, np.uint8, offset=header_size)
    if values.size != np.prod(shape):
        raise DatasetError(f"{path} is truncated: {values.size} bytes for the shape {shape}")
    return values.reshape(shape)
