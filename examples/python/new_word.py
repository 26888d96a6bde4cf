#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Teach a keyword-spotting network a word from a few recordings: new_word.py MODEL.tflite RECORDINGS.tar.xz [--json FILE]

For networks and recordings of MLPerf Tiny's keyword spotting. Each of the ten words is the new one in turn: its row of the
last layer is erased, a class is added, and trained on a few recordings of the word and a few of everything else. The rest of
the recordings tell how many are right before and after. What is in front of the last layer has heard all the words in its own
training, which makes this easier than with a word that is new to all of it.
"""
import argparse
import csv
import json
import lzma
import os
import sys
import tarfile

import numpy as np

import dla
from keyword_spotting import WORDS

# Recordings of each class that may be learned from; no test sees them.
POOL = 20
TRAINING = {"epochs": 30, "batch": 16, "held_out": -1, "schedule": "constant"}


def recordings(path):
    """(Features of the sound as the network takes them, classes)."""
    try:
        with tarfile.open(path) as archive:
            files = {os.path.basename(member.name): archive.extractfile(member).read() for member in archive if member.isfile()}
        rows = list(csv.reader(files["y_labels.csv"].decode("ascii").splitlines()))
        return (np.stack([np.frombuffer(files[row[0]], np.int8) for row in rows]), np.array([int(row[2]) for row in rows]))
    except (KeyError, IndexError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise ValueError(f"{path} has no recordings, or is damaged: {error}") from None


def memory(head, features, labels):
    samples = head.samples()
    samples.add(features, labels)
    return samples


def share(head, samples):
    score = head.evaluate(samples)
    return score.right / score.samples


def teach(device, model, word, features, labels, few, others, seed):
    """One word: shares that are right, of old classes before and after, and of the new one."""
    head = device.head(model)
    new = head.add_class(WORDS[word])
    weights = head.weights
    # Nothing is taken for a class that was just added, and so nothing for the word either.
    weights[word] = weights[new]
    head.weights = weights
    labels = np.where(labels == word, new, labels)
    generator = np.random.default_rng(seed)
    learn, test_old, test_new = [], [], []
    for each in np.unique(labels):
        mine = generator.permutation(np.flatnonzero(labels == each))
        learn += list(mine[:few if each == new else others])
        (test_new if each == new else test_old).extend(mine[POOL:])
    old, other = (memory(head, features[which], labels[which]) for which in (test_old, test_new))
    before = share(head, old)
    if share(head, other):
        raise ValueError(f"the network knows {WORDS[word]!r} already")
    head.train(memory(head, features[learn], labels[learn]), seed=seed, **TRAINING)
    return before, share(head, old), share(head, other)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("recordings", help="kws01.tar.xz")
    parser.add_argument("--few", type=int, default=5, help="recordings of the new word (default: %(default)s)")
    parser.add_argument("--others", type=int, default=5, help="of each of the other classes (default: %(default)s)")
    parser.add_argument("--choices", type=int, default=3, help="of recordings, for each word (default: %(default)s)")
    parser.add_argument("--device", default="sim:nv_small", help="auto, npu, cpu, sim:nv_small, or a device node")
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    if not 0 < arguments.few <= POOL or not 0 <= arguments.others <= POOL:
        sys.exit(f"new_word.py: at most {POOL} recordings of a class are to learn from")
    if arguments.choices < 1:
        sys.exit("new_word.py: there is nothing to try with less than one choice")
    try:
        sounds, labels = recordings(arguments.recordings)
        with dla.Device(arguments.device) as device:
            head = device.head(arguments.model)
            features = head.features(sounds.reshape(len(sounds), *head.input.shape[1:]))
            table = [[teach(device, arguments.model, word, features, labels, arguments.few, arguments.others, choice)
                      for choice in range(arguments.choices)] for word in range(10)]
    except (OSError, ValueError) as error:
        sys.exit(f"new_word.py: {error}")
    result = {"device": arguments.device, "few": arguments.few, "others": arguments.others, "choices": arguments.choices,
              "words": {WORDS[word]: dict(zip(("old_before", "old_after", "new"), np.mean(rows, axis=0).tolist()))
                        for word, rows in enumerate(table)}}
    result["mean"] = {key: float(np.mean([each[key] for each in result["words"].values()]))
                      for key in ("old_before", "old_after", "new")}
    result["worst_loss"] = float(max(before - after for rows in table for before, after, _ in rows))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    print("| new word | old ones before | after | the new one |\n|---|---|---|---|")
    for word, each in (*result["words"].items(), ("mean", result["mean"])):
        print(f"| {word} | " + " | ".join(f"{100 * each[key]:.1f} %" for key in ("old_before", "old_after", "new")) + " |")
    print(f"\nOld ones lost at most {100 * result['worst_loss']:.1f} points in {10 * arguments.choices} trials.")


if __name__ == "__main__":
    main()
