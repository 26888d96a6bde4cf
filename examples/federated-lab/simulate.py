#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same ClientApp in Flower's simulation engine: simulate.py --out DIR [--devices 1000] [--rounds N]

No network, no SuperLink: Ray gives messages to as many processes as there are processors, and each is one device after the
other. Needs flwr[simulation] beside what experiment.py needs, but neither root nor namespaces.
"""
import argparse
import json
import os
import shutil
import sys
import time
import tomllib

import numpy as np

HERE = os.path.dirname(os.path.realpath(__file__))
EXAMPLES = os.path.dirname(HERE)
MODEL = os.path.join(EXAMPLES, "fashion-mnist", "fashion_resnet_int8.tflite")
FOLDERS = (HERE, os.path.join(EXAMPLES, "federated"), os.path.join(EXAMPLES, "fashion-mnist"))
sys.path[:0] = FOLDERS
# Ray's processes look there, too. Nothing is reported to anybody.
os.environ.update({"PYTHONPATH": os.pathsep.join((*FOLDERS, os.environ.get("PYTHONPATH", ""))), "FLWR_TELEMETRY_ENABLED": "0",
                   "FLWR_DISABLE_UPDATE_CHECK": "1", "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"})

from flwr.clientapp import ClientApp  # pylint: disable=wrong-import-position
from flwr.serverapp import ServerApp  # pylint: disable=wrong-import-position
from flwr.simulation import run_simulation  # pylint: disable=wrong-import-position

import dla  # pylint: disable=wrong-import-position
import fashion_mnist  # pylint: disable=wrong-import-position
import learning  # pylint: disable=wrong-import-position
import splits  # pylint: disable=wrong-import-position
from dla_federated import client_app, server_app  # pylint: disable=wrong-import-position

# Of each device: there are 10,000 pictures.
TRAIN, TEST = 8, 2


class Devices(ClientApp):
    """The app, told by its number what a SuperNode tells it by --node-config."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def __call__(self, message, context):
        state = os.path.join(self.folder, str(context.node_config["partition-id"]))
        context.node_config.update({"model": MODEL, "state": state, "held-out": os.path.join(state, "held-out"),
                                    "device": "cpu"})
        return client_app.app(message, context)


def configured(**changes):
    """The app's configuration with these changes."""
    with open(os.path.join(EXAMPLES, "federated", "pyproject.toml"), "rb") as file:
        return {**tomllib.load(file)["tool"]["flwr"]["app"]["config"], **changes}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder for simulation.json")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--split", choices=splits.SPLITS, default="class")
    parser.add_argument("--device", default="sim:nv_small", help="that computes the features")
    arguments = parser.parse_args()

    work = os.path.join(os.path.abspath(arguments.out), "simulation-work")
    shutil.rmtree(work, ignore_errors=True)
    images, labels = fashion_mnist.load("test")
    start = time.monotonic()
    with dla.Device(arguments.device) as device:
        parts = splits.split(arguments.split, labels, arguments.devices, arguments.seed, TRAIN, TEST)
        learning.collect(device, MODEL, images, labels, parts, work)
    collected = time.monotonic() - start
    state = os.path.join(work, "server")
    learning.begin(MODEL, state)
    config = configured(model=MODEL, state=state, rounds=arguments.rounds, epochs=20, seed=arguments.seed,
                        timeout=3600.0, **{"min-nodes": arguments.devices}, **learning.TRAINING)
    server = ServerApp()

    @server.main()
    def serve(grid, context):
        context.run_config.update(config)
        server_app.app(grid, context)

    start = time.monotonic()
    run_simulation(server, Devices(work), arguments.devices, backend_config={"client_resources": {"num_cpus": 1}})
    seconds = time.monotonic() - start
    with open(os.path.join(state, "rounds.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    result = {"devices": arguments.devices, "split": arguments.split, "processors": os.cpu_count(),
              "collect_seconds": collected, "seconds": seconds,
              "rounds": [{"accepted": len(line["accepted"]), "refused": len(line["refused"]),
                          "accuracy": float(np.mean([node["accuracy"] for node in line["nodes"].values()]))}
                         for line in lines]}
    with open(os.path.join(arguments.out, "simulation.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
