#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Classify pictures: classify.py MODEL.tflite PICTURE... [--labels FILE] [--device NAME] [--top N]

Needs the module of userspace/python, and Pillow.
"""
import argparse
import sys

import numpy as np
from PIL import Image

import dla


def pixels(path, info):
    """A picture as the network's input: resized to it, and with its range of bytes."""
    _, height, width, channels = info.shape
    picture = Image.open(path).convert("L" if channels == 1 else "RGB").resize((width, height), Image.Resampling.BILINEAR)
    stored = np.asarray(picture, np.int16).reshape(info.shape)
    # An int8 network's darkest pixel is -128, a uint8 network's 0.
    return (stored + np.iinfo(info.dtype).min).astype(info.dtype)


def main():
    parser = argparse.ArgumentParser(description="Classify pictures on an NVDLA.")
    parser.add_argument("model", help=".tflite file, or one that was compiled")
    parser.add_argument("picture", nargs="+")
    parser.add_argument("--labels", help="a text file with a class in each line")
    parser.add_argument("--device", default="auto", help="auto, npu, cpu, sim:nv_small, or a device node")
    parser.add_argument("--top", type=int, default=3, help="how many classes to print")
    arguments = parser.parse_args()

    labels = []
    if arguments.labels:
        with open(arguments.labels, encoding="utf-8") as file:
            labels = file.read().splitlines()
    try:
        with dla.Device(arguments.device) as device:
            network = device.load(arguments.model)
            info = network.outputs[0]
            # One request each, and all under way at once: while the NPU has one, the CPU has another.
            requests = []
            for path in arguments.picture:
                request = network.request()
                request.inputs[0][:] = pixels(path, network.inputs[0])
                request.submit()
                requests.append(request)
            for path, request in zip(arguments.picture, requests):
                request.wait()
                scores = info.dequantise(request.outputs[0]).ravel()
                print(path)
                for best in scores.argsort()[::-1][:arguments.top]:
                    print(f"  {scores[best]:8.4f}  {labels[best] if best < len(labels) else best}")
    except (OSError, ValueError) as error:
        sys.exit(f"classify.py: {error}")


if __name__ == "__main__":
    main()
