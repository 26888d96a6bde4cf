#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What asking a server gains, and what it costs: measure.py [--pictures N] [--json FILE] [--markdown FILE]

Fashion-MNIST's test pictures on a device, and every one of them asked of server.py on this machine; which of its answers
count, for each threshold, is worked out of that. Needs the module of userspace/python, and Debian's dataset-fashion-mnist.
"""
import argparse
import contextlib
import os
import subprocess
import sys
import time

import numpy as np

import dla
from second_opinion import Server

HERE = os.path.dirname(os.path.realpath(__file__))
FASHION = os.path.join(HERE, "..", "fashion-mnist")
sys.path[:0] = [FASHION, os.path.join(HERE, "..")]
import fashion_mnist  # noqa: E402  pylint: disable=wrong-import-position
import results  # noqa: E402  pylint: disable=wrong-import-position

MODEL = os.path.join(FASHION, "fashion_resnet_int8.tflite")
THRESHOLDS = (0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)


@contextlib.contextmanager
def serving(*arguments):
    """The URL of a server.py, which ends with this."""
    with subprocess.Popen([sys.executable, os.path.join(HERE, "server.py"), *arguments, "--listen", "127.0.0.1:0"],
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = process.stdout.readline()
            if not ready:
                raise RuntimeError("server.py did not start")
            yield f"http://127.0.0.1:{ready.split()[-1]}/"
        finally:
            process.terminate()
            process.communicate()


def answers(network, server, pictures):
    """The device's scores of each picture, the server's, and what both took."""
    request, info = network.request(), network.inputs[0]
    own, theirs, sent = np.empty((len(pictures), server.classes)), np.empty((len(pictures), server.classes)), 0
    times = np.empty((len(pictures), 2))
    for i, picture in enumerate(pictures):
        values = info.quantise(picture.reshape(info.shape) / 255)
        start = time.perf_counter()
        np.copyto(request.inputs[0], values)
        request.run()
        own[i] = network.outputs[0].dequantise(request.outputs[0]).ravel()
        between = time.perf_counter()
        scores, why, bytes_sent = server.ask(values.tobytes())
        if why:
            raise RuntimeError(f"picture {i} was not answered: {why}")
        theirs[i], sent = scores, sent + bytes_sent
        times[i] = between - start, time.perf_counter() - between
    return own, theirs, sent, times


def rows(own, theirs, labels, bytes_each):
    """For each threshold what is asked, what that changes, and what is right in the end."""
    found = []
    before, after = own.argmax(1), theirs.argmax(1)
    for threshold in THRESHOLDS:
        asked = own.max(1) < threshold
        final = np.where(asked, after, before)
        found.append({"threshold": threshold, "asked": asked.mean(), "accuracy": (final == labels).mean(),
                      "asked_device_right": (before == labels)[asked].mean() if asked.any() else None,
                      "mended": int(((final == labels) & (before != labels)).sum()),
                      "spoilt": int(((final != labels) & (before == labels)).sum()),
                      "bytes_per_1000": 1000 * asked.mean() * bytes_each})
    return found


def markdown(result):
    """A table for people."""
    lines = ["| threshold | asked | of these the device had right | mended | spoilt | right in all | sent per 1,000 answers |",
             "|---|---|---|---|---|---|---|"]
    for row in result["rows"]:
        had = "-" if row["asked_device_right"] is None else f"{row['asked_device_right']:.0%}"
        lines.append(f"| {row['threshold']:g} | {row['asked']:.1%} | {had} | {row['mended']} | {row['spoilt']} | "
                     f"{row['accuracy']:.2%} | {row['bytes_per_1000'] / 1000:.1f} KB |")
    lines += ["", f"{result['pictures']} pictures; on `{result['device']}` {result['device_ms']:.2f} ms each, to ask "
              f"{result['ask_ms']:.2f} ms (medians, no link between); the server's own accuracy is "
              f"{result['rows'][-1]['accuracy']:.2%} ({result['views']} views)."]
    return "\n".join(lines) + "\n"


def measure(arguments):
    pictures, labels = (each[:arguments.pictures] for each in fashion_mnist.load("test"))
    with dla.Device(arguments.device) as device, serving(arguments.server, "--views", str(arguments.views)) as url:
        network = device.load(MODEL)
        server = Server(url, len(fashion_mnist.CLASS_NAMES), timeout=10)
        own, theirs, sent, times = answers(network, server, pictures)
    median = 1000 * np.median(times, 0)
    return {"pictures": len(pictures), "device": arguments.device, "views": arguments.views, "device_ms": median[0],
            "ask_ms": median[1], "rows": rows(own, theirs, labels, sent / len(pictures))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="sim:nv_small")
    parser.add_argument("--server", default=MODEL, metavar="MODEL.tflite", help="that the server runs")
    parser.add_argument("--views", type=int, default=10, help="of a picture that it looks at")
    parser.add_argument("--pictures", type=int, default=10000)
    results.add_options(parser)
    arguments = parser.parse_args()
    try:
        result = measure(arguments)
    except (OSError, RuntimeError, fashion_mnist.DatasetError) as error:
        sys.exit(f"measure.py: {error}")
    results.write(arguments, result, markdown(result))


if __name__ == "__main__":
    main()
