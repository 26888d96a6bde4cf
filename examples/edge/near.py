#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The device's side: time runs of a network, here or on a server, and print them as one JSON object.

near.py MODEL.tflite [--runs N] [--device NAME]                  on this machine
near.py MODEL.tflite [--runs N] --server HOST:PORT [--patience S]  by far.py; the model tells the input only
"""
import argparse
import http.client
import json
import sys
import time

import numpy as np

SEED = 20


def picture(shape, dtype):
    """Noise, so that no byte sequence of it is anywhere by chance."""
    return np.random.default_rng(SEED).integers(0, 256, int(np.prod(shape)), np.uint8).view(dtype).reshape(shape)


def here(network, device, values, runs):
    """Seconds of each run: the input's copy, the run, the output's."""
    request = network.request()
    times, late = [], 0
    for _ in range(runs):
        before, start = device.stats.late_ns, time.perf_counter()
        np.copyto(request.inputs[0], values)
        request.run()
        request.outputs[0].copy()
        times.append(time.perf_counter() - start)
        late = max(late, device.stats.late_ns - before)
    return {"seconds": times, "failed": 0, "late": late / 1e9}


def there(address, values, runs, patience):
    """Likewise by way of a server, over one connection as long as it holds."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=patience)
    times, failed, why = [], 0, None
    for _ in range(runs):
        start = time.perf_counter()
        try:
            connection.request("POST", "/", values.tobytes())
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise http.client.HTTPException(answer.reason)
            times.append(time.perf_counter() - start)
        except (OSError, http.client.HTTPException) as error:
            failed, why = failed + 1, str(error)
            connection.close()
    return {"seconds": times, "failed": failed, "why": why}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--device", default="auto", help="auto, npu, cpu, sim:nv_small@100MHz, or a device node")
    parser.add_argument("--server", help="HOST:PORT of far.py")
    parser.add_argument("--patience", type=float, default=2, help="seconds to wait for the server")
    arguments = parser.parse_args()

    import dla  # pylint: disable=import-outside-toplevel; --help needs none
    try:
        with dla.Device("cpu" if arguments.server else arguments.device) as device:
            network = device.load(arguments.model)
            values = picture(network.inputs[0].shape, network.inputs[0].dtype)
            if arguments.server:
                # The first call connects, and is not counted.
                there(arguments.server, values, 1, arguments.patience)
                print(json.dumps(there(arguments.server, values, arguments.runs, arguments.patience)))
            else:
                here(network, device, values, 3)
                print(json.dumps(here(network, device, values, arguments.runs)))
    except OSError as error:
        sys.exit(f"near.py: {error}")


if __name__ == "__main__":
    main()
