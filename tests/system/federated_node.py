# SPDX-License-Identifier: MIT
"""What the test of federated rounds has a device do: federated_node.py COMMAND ARGUMENT..., the answer as JSON."""
import json
import os
import sys

import numpy as np

import dla

CENTRES = 7
HEAD = {}


def head(model):
    if model not in HEAD:
        HEAD[model] = dla.Device("cpu").head(model)
    return HEAD[model]


def describe(model):
    """What a network's head is."""
    info = head(model).info
    return {"backbone": info.backbone, "classes": info.classes, "features": info.features}


def collect(model, *folders):
    """Samples for devices that differ: each has mostly four of the classes. Made up, as it is not the backbone's turn."""
    layer = head(model)
    info = layer.info
    # Like what comes out of a ReLU: many are zero.
    centres = np.random.default_rng(CENTRES).normal(-128, 60, (info.classes, info.features))
    for number, folder in enumerate(folders):
        os.makedirs(folder)
        random = np.random.default_rng(number)
        share = np.full(info.classes, 0.02)
        share[[(3 * number + i) % info.classes for i in range(4)]] = 1
        labels = random.choice(info.classes, 400, p=share / share.sum())
        features = np.clip(centres[labels] + random.normal(0, 50, (400, info.features)), -128, 127)
        with layer.samples(os.path.join(folder, "samples")) as samples:
            samples.add(features.astype(np.int8), labels)


def features(model, folder):
    """The features of a device's samples, in hexadecimal."""
    with head(model).samples(os.path.join(folder, "samples")) as samples:
        return samples.features.tobytes().hex()


def weights(model, *paths):
    """Of saved heads."""
    layer, found = head(model), []
    for path in paths:
        layer.restore(path)
        found.append(layer.weights.tolist())
    return found


def start(model):
    """The weights that the network comes with."""
    return head(model).weights.tolist()


def alone(model, folder):
    """Go on without anybody: train with the samples there, save, and classify them."""
    layer = head(model)
    layer.restore(os.path.join(folder, "head"))
    with layer.samples(os.path.join(folder, "samples")) as samples:
        before = layer.evaluate(samples)
        layer.train(samples, epochs=3)
        after = layer.evaluate(samples)
    layer.save(os.path.join(folder, "head"))
    return {"before": before.right / before.samples, "after": after.right / after.samples}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
