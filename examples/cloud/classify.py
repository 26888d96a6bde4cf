#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Classify pictures on the NPU, and ask a server where that is unsure, if --ask says so.

classify.py MODEL.tflite PICTURE... [--labels FILE] [--device NAME] [--threshold P] [--ask URL [--timeout S]] [--json]

Needs the module of userspace/python, and Pillow.
"""
import argparse
import json
import sys

import numpy as np
from PIL import Image

import dla
from second_opinion import SecondOpinion, Server, best


def pixels(path, info):
    """A picture as the network's input: resized to it; its darkest pixel is the smallest number."""
    _, height, width, channels = info.shape
    picture = Image.open(path).convert("L" if channels == 1 else "RGB").resize((width, height), Image.Resampling.BILINEAR)
    return (np.asarray(picture, np.int16).reshape(info.shape) + np.iinfo(info.dtype).min).astype(info.dtype)


def classify(network, paths, opinion, tell):
    """Each picture in turn."""
    request = network.request()
    for path in paths:
        values = pixels(path, network.inputs[0])
        np.copyto(request.inputs[0], values)
        request.run()
        own = network.outputs[0].dequantise(request.outputs[0]).ravel().tolist()
        failed = opinion.counts["failed"]
        scores = opinion.of(values.tobytes(), own)
        tell({"picture": path, "class": best(scores), "score": max(scores), "by": "server" if scores is not own else "device",
              "failed": opinion.counts["failed"] > failed})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="ends in a softmax")
    parser.add_argument("picture", nargs="+")
    parser.add_argument("--labels", help="a text file with a class in each line")
    parser.add_argument("--device", default="auto", help="auto, npu, cpu, sim:nv_small, or a device node")
    parser.add_argument("--threshold", type=float, default=0.7, help="the device is unsure below that")
    parser.add_argument("--ask", metavar="URL", help="a server, which gets the input then; without it, nothing leaves")
    parser.add_argument("--timeout", type=float, default=0.5, help="seconds that an answer may take longer for it")
    parser.add_argument("--authority", help="a PEM file with whom to trust, for https; otherwise the system's")
    parser.add_argument("--json", action="store_true", help="print an object for each picture, and the counts as the last")
    arguments = parser.parse_args()

    labels = []
    if arguments.labels:
        with open(arguments.labels, encoding="utf-8") as file:
            labels = file.read().splitlines()

    def tell(answer):
        if arguments.json:
            print(json.dumps(answer), flush=True)
        else:
            label = labels[answer["class"]] if answer["class"] < len(labels) else answer["class"]
            print(f"{answer['score']:6.3f}  {label}  {answer['picture']}"
                  + ("  (asked)" if answer["by"] == "server" else "  (asked in vain)" if answer["failed"] else ""), flush=True)

    interrupted = False
    try:
        with dla.Device(arguments.device) as device:
            network = device.load(arguments.model)
            if network.operations[-1].name != "SOFTMAX":
                sys.exit(f"classify.py: {network.name} ends in {network.operations[-1].name}: its scores are no probabilities")
            classes = int(np.prod(network.outputs[0].shape))
            opinion = SecondOpinion(arguments.threshold, Server(arguments.ask, classes, arguments.timeout, arguments.authority)
                                    if arguments.ask else None)
            try:
                classify(network, arguments.picture, opinion, tell)
            except KeyboardInterrupt:
                interrupted = True
            print(json.dumps({**opinion.counts, "failures": opinion.failures}) if arguments.json
                  else "\n".join(opinion.told()), flush=True)
    except (OSError, ValueError) as error:
        sys.exit(f"classify.py: {error}")
    if interrupted:
        sys.exit(130)


if __name__ == "__main__":
    main()
