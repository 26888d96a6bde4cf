# SPDX-License-Identifier: MIT
"""The device's side of a round: its state folder, its samples, its head."""
import contextlib
import fcntl
import os

import numpy as np

import dla

from .wire import Identity, Refused

# Of each class, one of so many samples is not trained on but tells how good a head is.
HELD_OUT = 5


@contextlib.contextmanager
def opened(config):
    """
    The device that a SuperNode's --node-config describes; nobody else, `dla learn` neither, writes to it meanwhile.

    model: the network; state: the folder of `dla learn`, with "samples" and "head"; device and place: as for that;
    held-out: a file of samples to tell how good a head is, instead of a share of "samples".
    """
    for key in ("model", "state"):
        if not config.get(key):
            raise Refused(f"this node's configuration has no {key!r}")
    folder = os.open(config["state"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with dla.Device(config.get("device", "auto")) as device:
            yield Node(device.head(config["model"], place=config.get("place", "auto")), config)
    finally:
        os.close(folder)


class Node:
    """A device that is open."""

    def __init__(self, head, config):
        self.head = head
        self.saved = os.path.join(config["state"], "head")
        if os.path.exists(self.saved):
            head.restore(self.saved)
        features, labels = self._read(os.path.join(config["state"], "samples"))
        mine = np.ones(len(labels), bool)
        if "held-out" in config:
            self.held = self._memory(*self._read(config["held-out"]))
        else:
            mine = ~every(labels, HELD_OUT)
            self.held = self._memory(features[~mine], labels[~mine])
        self.mine = self._memory(features[mine], labels[mine])
        if not len(self.mine) or not len(self.held):
            raise Refused(f"it has {len(self.mine)} samples to train on, and {len(self.held)} to evaluate with")

    def _read(self, path):
        # Opening makes what is not there.
        os.stat(path)
        with self.head.samples(path) as samples:
            return samples.features, samples.labels

    def _memory(self, features, labels):
        samples = self.head.samples()
        if len(labels):
            samples.add(features, labels)
        return samples

    def join(self, names, theirs):
        """Check that a message is about this backbone; classes that are new here are added. Whose weights come back."""
        for index, name in enumerate(names):
            if index == self.head.info.classes:
                self.head.add_class(name or f"class {index}")
            elif name and not self.head.classes[index]:
                self.head.name_class(index, name)
        identity = Identity.of(self.head, len(names))
        identity.check(theirs)
        return identity

    def take(self, values):
        """Begin from shared weights; classes that only this device has keep theirs."""
        weights = self.head.weights
        weights[:len(values)] = values
        self.head.weights = weights
        self.head.calibrate(self.mine)

    def score(self):
        """The share of the held out samples that is right, and the loss."""
        score = self.head.evaluate(self.held)
        return score.right / score.samples, score.loss

    def keep(self):
        """What the device uses from now on."""
        self.head.save(self.saved)


def every(labels, each):
    """A mask with every so-manieth sample of each class; the same samples are in it when more have come."""
    mask = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[each - 1::each]] = True
    return mask
