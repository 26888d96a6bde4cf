# SPDX-License-Identifier: MIT
"""
Who has which pictures, and how its camera sees them.

All pictures are of Fashion-MNIST's test set: the backbone was trained on the other one. A picture belongs to one device at
most, and there it is either learned from or tested with, never both.
"""
from typing import NamedTuple

import numpy as np

CLASSES = 10
# Of each device, unless it is said otherwise.
TRAIN = 100
TEST = {"class": 200, "style": 400}
# The lower, the fewer classes a device sees.
CONCENTRATION = 0.1
# Degrees either way, and the factors between which contrast lies.
ROTATION, CONTRAST = 40, (0.4, 1.6)


class Part(NamedTuple):
    """What one device has."""

    train: np.ndarray
    """Pictures' indices in the data set."""
    test: np.ndarray
    degrees: float
    contrast: float


def by_class(labels, devices, generator, train, test):
    """Classes in shares of a Dirichlet distribution, another for each device; without replacement, so what is out is out."""
    left = [list(generator.permutation(np.flatnonzero(labels == label))) for label in range(CLASSES)]
    parts = []
    for _ in range(devices):
        shares, mine = generator.dirichlet([CONCENTRATION] * CLASSES), []
        for _ in range(train + test):
            # Where nothing of its classes is left, any will do.
            possible = np.array([bool(each) for each in left]) * np.maximum(shares, 1e-9)
            mine.append(left[generator.choice(CLASSES, p=possible / possible.sum())].pop())
        mine = generator.permutation(mine)
        parts.append(Part(mine[:train], mine[train:], 0.0, 1.0))
    return parts


def by_style(labels, devices, generator, train, test):
    """All classes alike, and a rotation and a contrast for each device."""
    each = train + test
    order = generator.permutation(len(labels))
    parts = []
    for mine in (order[each * i:each * (i + 1)] for i in range(devices)):
        parts.append(Part(mine[:train], mine[train:], generator.uniform(-ROTATION, ROTATION), generator.uniform(*CONTRAST)))
    return parts


SPLITS = {"class": by_class, "style": by_style}


def split(name, labels, devices, seed, train=TRAIN, test=None):
    """The parts of all devices: the same for the same seed."""
    test = test or TEST[name]
    if devices * (train + test) > len(labels):
        raise ValueError(f"{len(labels)} pictures are too few for {devices} devices")
    return SPLITS[name](labels, devices, np.random.default_rng(seed), train, test)


def seen(images, degrees, contrast):
    """Pictures as that camera sees them: turned around their middle, bilinear, black where nothing was."""
    if degrees == 0 and contrast == 1:
        return images
    size, angle = images.shape[1], np.deg2rad(degrees)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    from_x = np.cos(angle) * x + np.sin(angle) * y + (size - 1) / 2
    from_y = -np.sin(angle) * x + np.cos(angle) * y + (size - 1) / 2
    # A corner is at most that far outside.
    margin = size // 2
    padded = np.pad(images.astype(np.float64), ((0, 0), (margin, margin), (margin, margin)))
    left, top = np.floor(from_x).astype(int), np.floor(from_y).astype(int)
    right, below = from_x - left, from_y - top

    def pixels(down, along):
        return padded[:, top + margin + down, left + margin + along]

    turned = ((pixels(0, 0) * (1 - right) + pixels(0, 1) * right) * (1 - below)
              + (pixels(1, 0) * (1 - right) + pixels(1, 1) * right) * below)
    return np.clip(np.rint(turned * contrast), 0, 255).astype(np.uint8)
