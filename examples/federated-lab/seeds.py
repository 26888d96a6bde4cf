#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same devices on other seeds: seeds.py --out DIR [--seeds FIRST LAST]

One split is one draw of lots. Here all devices of many splits learn in one process, with the same heads, rates and numbers
of epochs as in experiment.py, but without Flower and the network: FedAvg of updates that weigh the same is their mean.
"""
import argparse
import json
import os
import sys
import tempfile

import numpy as np

import dla

import learning
import splits

EXAMPLES = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
MODEL = os.path.join(EXAMPLES, "fashion-mnist", "fashion_resnet_int8.tflite")
sys.path.insert(0, os.path.join(EXAMPLES, "fashion-mnist"))
import fashion_mnist  # pylint: disable=wrong-import-position

FIGURES = ("local", "fedavg", "personal", "better than FedAvg's", "as good", "better than local", "worse than local")


def averaged(head, trainings, config):
    """The shared head after all rounds."""
    learning.zero(head)
    weights = head.weights
    for number in range(config["rounds"]):
        updates = []
        for samples in trainings:
            head.weights = weights
            head.calibrate(samples)
            head.train(samples, epochs=config["epochs"], seed=config["seed"] + number, **learning.TRAINING, **learning.ALL)
            updates.append(head.weights)
        weights = np.mean(updates, axis=0)
    return weights


def personal(head, weights, samples, test, config):
    """What a device scores with the shared head, and with its own copy."""
    head.weights = weights
    head.calibrate(samples)
    before = learning.accuracy(head, test)
    head.train(samples, epochs=config["personal-epochs"], seed=config["seed"], proximal=config["personal-mu"],
               **{**learning.TRAINING, "rate": config["personal-rate"]}, **learning.ALL)
    return before, learning.accuracy(head, test)


def one(device, name, seed, data, config):
    """All figures of one split."""
    images, labels = data
    count = config["devices"]
    config = {**config, "seed": seed}
    with tempfile.TemporaryDirectory() as folder:
        learning.collect(device, MODEL, images, labels, splits.split(name, labels, count, seed), folder)
        local = np.array(learning.local_only(device, MODEL, folder, count, config)["own"])
        head = device.head(MODEL)
        trainings = [head.samples(os.path.join(folder, str(number), "samples")) for number in range(count)]
        weights = averaged(head, trainings, config)
        shared, own = np.transpose([personal(head, weights, samples, learning.held_out(head, folder, number), config)
                                    for number, samples in enumerate(trainings)])
    return {"seed": seed, **dict(zip(FIGURES, (float(local.mean()), float(shared.mean()), float(own.mean()), *(
        int(each.sum()) for each in (own > shared, own >= shared, own > local, own < local)))))}


def markdown(result):
    """A line for each split: means, and from the least to the most."""
    lines = ["| split | " + " | ".join(FIGURES) + " |", "|---" * (len(FIGURES) + 1) + "|"]
    for name, found in result["splits"].items():
        cells = []
        for index, key in enumerate(FIGURES):
            values = [each[key] for each in found]
            cells.append(f"{100 * np.mean(values):.1f} %" if index < 3 else
                         f"{np.mean(values):.1f} ({min(values)} to {max(values)})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder for seeds.json and seeds.md")
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 110), metavar=("FIRST", "LAST"))
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="of each round")
    parser.add_argument("--personal-epochs", type=int, default=20)
    parser.add_argument("--splits", nargs="+", choices=splits.SPLITS, default=list(splits.SPLITS))
    parser.add_argument("--device", default="cpu", help="that computes the features")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    config = {"devices": arguments.devices, "rounds": arguments.rounds, "epochs": arguments.epochs,
              "personal-epochs": arguments.personal_epochs, **learning.PERSONAL}
    result = {**config, "splits": {}}
    try:
        data = fashion_mnist.load("test")
        with dla.Device(arguments.device) as device:
            for name in arguments.splits:
                for seed in range(arguments.seeds[0], arguments.seeds[1] + 1):
                    print(f"{name}: seed {seed}", file=sys.stderr, flush=True)
                    result["splits"].setdefault(name, []).append(one(device, name, seed, data, config))
    except KeyboardInterrupt:
        sys.exit("seeds.py: interrupted")
    except (OSError, ValueError, fashion_mnist.DatasetError) as error:
        sys.exit(f"seeds.py: {error}")
    with open(os.path.join(arguments.out, "seeds.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    with open(os.path.join(arguments.out, "seeds.md"), "w", encoding="utf-8") as file:
        file.write(markdown(result))
    print(markdown(result), end="")


if __name__ == "__main__":
    main()
