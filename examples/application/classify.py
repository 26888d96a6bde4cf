#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Classify a stream of pictures: classify.py NETWORK LABELS [DEVICE] < PICTURES

Pictures come one behind the other as bytes, 0 dark and 255 bright, in the size that the network wants,
and a line with label and score goes out for each. While the NPU works on one, the next is being read.
"""
import sys
from collections import deque

import numpy as np

import dla

UNDER_WAY = 2


def begin(network, request):
    """Whether there was a picture, which runs then."""
    info = network.inputs[0]
    pixels = sys.stdin.buffer.read(request.inputs[0].size)
    if len(pixels) < request.inputs[0].size:
        return False
    # As int8, the darkest is -128.
    request.inputs[0][:] = (np.frombuffer(pixels, np.uint8) ^ 0x80).view(np.int8).reshape(info.shape)
    request.submit()
    return True


def end(network, request, labels):
    request.wait()
    scores = network.outputs[0].dequantise(request.outputs[0]).ravel()
    best = scores.argmax()
    print(f"{labels[best]} {scores[best]:.3f}")


def classify(network, labels):
    free, running = deque(network.request() for _ in range(UNDER_WAY)), deque()
    while begin(network, free[0]):
        running.append(free.popleft())
        if not free:
            end(network, running[0], labels)
            free.append(running.popleft())
    for request in running:
        end(network, request, labels)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: classify.py NETWORK LABELS [DEVICE] < PICTURES")
    try:
        with open(sys.argv[2], encoding="utf-8") as file:
            labels = file.read().splitlines()
        with dla.Device(sys.argv[3] if len(sys.argv) > 3 else "auto") as device:
            classify(device.load(sys.argv[1]), labels)
    except OSError as error:        # dla.Error is one, too
        sys.exit(str(error))


if __name__ == "__main__":
    main()
