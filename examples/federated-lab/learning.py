# SPDX-License-Identifier: MIT
"""What the devices have, as files, and what each can learn on its own."""
import os
import shutil

import numpy as np

import dla
import splits

TRAINING = {"batch": 16, "rate": 1.0, "momentum": 0.9, "decay": 0.0001, "schedule": "constant"}
# A device's own copy of what is shared goes on from there in smaller steps, and is drawn back to it.
PERSONAL = {"personal-rate": 0.3, "personal-mu": 0.03}
# The library need not hold samples out: here that is done before.
ALL = {"held_out": -1}


def zero(head):
    """The last layer knows nothing, so that all that it knows later comes from these devices."""
    head.weights = np.zeros_like(head.weights)


def begin(model, state):
    """A server's folder whose newest head, of round 1, is the one that knows nothing."""
    os.makedirs(state)
    with dla.Device("cpu") as device:
        head = device.head(model)
        zero(head)
        head.save(os.path.join(state, "round-00001.head"))


def collect(device, model, images, labels, parts, folder):
    """
    For each device: the features of its pictures, by the NPU, as files: samples, and held-out.

    What is returned for the search of a capture: each device's pictures to learn from, as seen, and their features.
    """
    secrets = []
    for number, part in enumerate(parts):
        place = os.path.join(folder, str(number))
        os.makedirs(place)
        head = device.head(model)
        zero(head)
        head.save(os.path.join(place, "head"))
        for name, which in (("samples", part.train), ("held-out", part.test)):
            pictures = splits.seen(images[which], part.degrees, part.contrast)
            inputs = head.input.quantise(pictures.astype(np.float64) / 255)
            features = head.features(inputs.reshape(len(which), *head.input.shape[1:]))
            head.samples(os.path.join(place, name)).add(features, labels[which])
            if name == "samples":
                secrets.append((pictures.reshape(len(which), -1), features))
    return secrets


def hand_out(folder, states):
    """The files to where the devices look for them; whatever they learned before is gone."""
    for number, state in enumerate(states):
        for name in ("head", "samples", "held-out"):
            shutil.copy(os.path.join(folder, str(number), name), os.path.join(state, name))


def held_out(head, folder, number):
    return head.samples(os.path.join(folder, str(number), "held-out"))


def accuracy(head, samples):
    score = head.evaluate(samples)
    return score.right / score.samples


def local_only(device, model, folder, count, config):
    """
    Each device on its own, as many epochs as the others do in all rounds and for fine-tuning, at the same rates: accuracy
    for its own held out samples after what is a round for the others, and at the end, for everyone's.
    """
    head = device.head(model)
    own, everyone = [], []
    tests = [held_out(head, folder, number) for number in range(count)]
    for number in range(count):
        head.restore(os.path.join(folder, str(number), "head"))
        samples = head.samples(os.path.join(folder, str(number), "samples"))
        line = [accuracy(head, tests[number])]
        for done in range(config["rounds"]):
            head.train(samples, epochs=config["epochs"], seed=config["seed"] + done, **TRAINING, **ALL)
            line.append(accuracy(head, tests[number]))
        head.train(samples, epochs=config["personal-epochs"], seed=config["seed"],
                   **{**TRAINING, "rate": config["personal-rate"]}, **ALL)
        line[-1] = accuracy(head, tests[number])
        own.append(line)
        everyone.append(float(np.mean([accuracy(head, test) for test in tests])))
    return {"rounds": np.transpose(own).tolist(), "own": [line[-1] for line in own], "everyone": everyone}


def shared(device, model, folder, count, path):
    """A head of the server's, for everyone's held out samples: [of each device]."""
    head = device.head(model)
    head.restore(path)
    return [accuracy(head, held_out(head, folder, number)) for number in range(count)]
