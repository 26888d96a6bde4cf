#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Federated rounds between real processes: experiment.py --out DIR [--devices N] [--rounds N]

Each device is a SuperNode in a network namespace of its own, the server a SuperLink in another; TLS and node
authentication. Accuracy of every device after every round for local training, FedAvg, FedProx and personal heads, for a
split by class and one by style; bytes that left every device; and what a capture of the same rounds in the clear shows.
Needs root, iproute2, Debian's dataset-fashion-mnist, and requirements.txt of examples/federated and the dla module installed.
"""
import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np

import dla

import capture
import learning
import namespaces
import plot
import splits
from federation import Federation

HERE = os.path.dirname(os.path.realpath(__file__))
EXAMPLES = os.path.dirname(HERE)
APP = os.path.join(EXAMPLES, "federated")
MODEL = os.path.join(EXAMPLES, "fashion-mnist", "fashion_resnet_int8.tflite")
sys.path.insert(0, os.path.join(EXAMPLES, "fashion-mnist"))
import fashion_mnist  # pylint: disable=wrong-import-position

METHODS = ("local", "fedavg", "fedprox", "personal")
PROXIMAL = 0.1
# Of runs in which bytes are looked at, not accuracy; the first round has the app's own traffic.
FEW_ROUNDS = 2
# Seconds of nothing, and the classes of a head that is large beside Flower's framing.
IDLE, WIDE = 30, 1000


def say(text):
    print(text, file=sys.stderr, flush=True)


def configuration(arguments):
    """Of the app, for all runs."""
    return {"model": MODEL, "rounds": arguments.rounds, "min-nodes": arguments.devices, "timeout": arguments.patience,
            "epochs": arguments.epochs, "personal-epochs": arguments.personal_epochs, "proximal-mu": PROXIMAL,
            "seed": arguments.seed, **learning.TRAINING, **learning.PERSONAL}


class Bytes:
    """What left the devices between calls of it."""

    def __init__(self, spaces):
        self.spaces, self.before, self.since = spaces, spaces.sent(), time.monotonic()
        self.rounds, self.seconds, self.memory = [], [], 0

    def mark(self):
        """The end of what is counted together."""
        now, moment = self.spaces.sent(), time.monotonic()
        self.rounds.append([after - before for after, before in zip(now, self.before)])
        self.seconds.append(moment - self.since)
        self.before, self.since = now, moment

    def __call__(self, number, line):
        self.mark()
        self.memory = max(self.memory, self.spaces.memory())
        say(f"    round {number}: {len(line['accepted'])} of {line['asked']} devices")


def by_device(lines, names, key, count):
    """A figure that the devices reported: [round][device]."""
    table = np.full((len(lines), count), np.nan)
    for number, line in enumerate(lines):
        for name, told in line["nodes"].items():
            table[number, names[name]] = told[key]
    if np.isnan(table).any():
        raise RuntimeError(f"{int(np.isnan(table).sum())} reports of {key} are missing")
    return table.tolist()


def run(federation, config, folder, strategy, data, states):
    """All rounds of a strategy with what lies in @data."""
    learning.hand_out(data, states)
    state = os.path.join(folder, f"server-{strategy}")
    learning.begin(MODEL, state)
    meter = Bytes(federation.spaces)
    lines = federation.run(APP, {**config, "strategy": strategy}, state, meter)
    return {"lines": lines, "bytes": meter.rounds, "seconds": meter.seconds, "memory_mib": meter.memory,
            "head": os.path.join(state, f"round-{lines[-1]['round']:05}.head")}


def spent(done):
    """What a run cost."""
    return {key: done[key] for key in ("bytes", "seconds", "memory_mib")}


def figures(name, arguments, data, federation, states):
    """All methods on one split."""
    count, names = arguments.devices, federation.names()
    with dla.Device("cpu") as device:
        say(f"{name}: local only")
        config = configuration(arguments)
        result = {"local": learning.local_only(device, MODEL, data, count, config)}
        start = result["local"]["rounds"][0]
        for strategy in ("personal", "fedprox"):
            say(f"{name}: {strategy}")
            done = run(federation, config, os.path.dirname(data), strategy, data, states)
            # What the devices share under "personal" is FedAvg's; what each makes of it for itself is its own figure.
            method = "fedavg" if strategy == "personal" else strategy
            table = by_device(done["lines"], names, "accuracy", count)
            result[method] = {"rounds": [start, *table], "own": table[-1],
                              "everyone": learning.shared(device, MODEL, data, count, done["head"])}
            if strategy == "personal":
                table = by_device(done["lines"], names, "personal", count)
                result["personal"] = {"rounds": [start, *table], "own": table[-1]}
            result.setdefault("runs", {})[strategy] = spent(done)
    return result


def conclusions(result):
    """What the issue asks, of each split; nothing of it is decided here."""
    own = {method: np.array(result[method]["own"]) for method in METHODS}
    return {"own": {method: float(values.mean()) for method, values in own.items()},
            "everyone": {method: float(np.mean(result[method]["everyone"])) for method in METHODS[:3]},
            "personal_better_than_global": int((own["personal"] > own["fedavg"]).sum()),
            "personal_better_than_local": int((own["personal"] > own["local"]).sum()),
            "personal_as_good_as_local": int((own["personal"] >= own["local"]).sum())}


def nodes(states, device="cpu"):
    """Node configurations. No backbone runs in a round: features are there, and the head is the CPU's affair."""
    return [{"model": MODEL, "state": state, "held-out": os.path.join(state, "held-out"), "device": device}
            for state in states]


@contextlib.contextmanager
def capturing(spaces, path):
    """Every frame that leaves a device, into a file."""
    command = ["ip", "netns", "exec", spaces.server, sys.executable, os.path.join(HERE, "capture.py"), path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        if not process.stdout.readline():
            raise RuntimeError(process.stderr.read())
        yield
        time.sleep(0.5)
        process.terminate()
        if process.wait():
            raise RuntimeError(process.stderr.read())


def forms(pictures, features, info):
    """A device's secrets as bytes, in the forms in which they exist anywhere here."""
    pictures = np.ascontiguousarray(pictures)
    reals = info.feature_scale * (features.astype(np.float32) - np.float32(info.feature_zero_point))
    return {"pictures, uint8": pictures, "pictures, int8": pictures ^ 0x80,
            "pictures, float32": (pictures / np.float32(255)).view(np.uint8),
            "features, int8": features.view(np.uint8),
            "features, float32": np.ascontiguousarray(reals, np.float32).view(np.uint8)}


LISTEN = """import socket, sys
with socket.create_server((sys.argv[1], int(sys.argv[2]))) as server:
    print("ready", flush=True)
    connection, _ = server.accept()
    while connection.recv(65536):
        pass
"""
LEAK = """import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    connection.sendall(b"POST / HTTP/1.1\\r\\n\\r\\n" + bytes.fromhex(sys.argv[3]))
"""


def leak(spaces, device, data):
    """A device that says something it should not, so that the search can be seen to find it."""
    where = [namespaces.SERVER, "9999"]
    with subprocess.Popen(["ip", "netns", "exec", spaces.server, sys.executable, "-c", LISTEN, *where],
                          stdout=subprocess.PIPE) as listener:
        listener.stdout.readline()
        subprocess.run(["ip", "netns", "exec", spaces.devices[device], sys.executable, "-c", LEAK, *where, data.hex()],
                       check=True)
        listener.wait(10)


def first_update(arguments, data, device_number):
    """The weights that a device sends in its first round, computed again."""
    with dla.Device("cpu") as device:
        head = device.head(MODEL)
        learning.zero(head)
        config = configuration(arguments)
        # Round 1 is the one that knows nothing.
        head.train(head.samples(os.path.join(data, str(device_number), "samples")), epochs=config["epochs"],
                   seed=config["seed"] + 2, **learning.TRAINING, **learning.ALL)
        return head.weights


def account(path, spaces):
    """What of a capture is head, what is framing: by device, and the mean framing of a request of each kind."""
    said, other = capture.streams(path)
    info = {"head": [0] * len(spaces.devices), "tcp": [0] * len(spaces.devices), "http": {}, "other": other}
    with dla.Device("cpu") as device:
        head = device.head(MODEL).info
    size = 4 * head.classes * (head.features + 1)
    for (address, _), stream in said.items():
        number = int(address.rsplit(".", 1)[1]) - 10
        for kind, length, body in capture.requests(stream):
            weights = size * body.count(b"\x93NUMPY")
            info["head"][number] += weights
            counts = info["http"].setdefault(kind, [0, 0])
            counts[0] += 1
            counts[1] += length - weights
    for frame in capture.frames(path):
        if frame[12:14] == b"\x08\x00":
            info["tcp"][int(socket.inet_ntoa(bytes(frame[26:30])).rsplit(".", 1)[1]) - 10] += len(frame)
    return {**info, "size": size}, said


def in_the_clear(arguments, data, secrets, folder, states):
    """Rounds without TLS, captured: what is in there, and what is not."""
    path = os.path.join(folder, "capture.pcap")
    plain = os.path.join(folder, "plain")
    os.makedirs(plain)
    with namespaces.Namespaces(arguments.devices) as spaces:
        with capturing(spaces, path), Federation(spaces, plain, nodes(states), tls=False) as federation:
            federation.wait("a device", federation.joined)
            done = run(federation, {**configuration(arguments), "rounds": FEW_ROUNDS}, plain, "personal", data, states)
            counted = spaces.sent()
        accounted, said = account(path, spaces)
        planted = secrets[0][1].view(np.uint8)[:1]
        with capturing(spaces, path + ".leak"):
            leak(spaces, 0, planted.tobytes())
        leaked, _ = capture.streams(path + ".leak")
    with dla.Device("cpu") as device:
        info = device.head(MODEL).info
    update = first_update(arguments, data, 0).astype(np.float32).reshape(1, -1).view(np.uint8)
    looked = {}
    for pictures, features in secrets:
        for name, rows in forms(pictures, features, info).items():
            looked[name] = looked.get(name, 0) + capture.found(rows, said.values())
    return {"found": looked, "streams": len(said), "bytes": sum(map(len, said.values())), "counted": counted,
            "accounted": accounted, "rounds": done["bytes"],
            "control": {"pieces of the first device's first update": len(capture.pieces(update)),
                        "found of them": capture.found(update, said.values()),
                        "pieces of the planted features": len(capture.pieces(planted)),
                        "found of these": capture.found(planted, leaked.values())}}


def idle(spaces):
    """Bytes that each device sends in a second without a round: it asks whether there is work, and says that it lives."""
    meter = Bytes(spaces)
    time.sleep(IDLE)
    meter.mark()
    return [count / meter.seconds[0] for count in meter.rounds[0]]


def traffic(federation, arguments, methods, data, states, folder):
    """
    Rounds of a head with @WIDE classes, whose bytes are foretold from those of the small one.

    What the small head's rounds sent beyond the head itself, and beyond what the devices say all the time, is Flower's
    framing. First rounds, in which the devices also get the app, are left out.
    """
    config = configuration(arguments)
    silent = idle(federation.spaces)
    classes = ",".join(fashion_mnist.CLASS_NAMES + tuple(f"k{i}" for i in range(len(fashion_mnist.CLASS_NAMES), WIDE)))
    with dla.Device("cpu") as device:
        info = device.head(MODEL).info
    small, large = (4 * count * (info.features + 1) for count in (info.classes, WIDE))
    say(f"a head of {large} bytes")
    config.update({"rounds": FEW_ROUNDS, "classes": classes.replace("/", " or ")})
    done = run(federation, config, folder, "fedavg", data, states)
    framing = []
    for each in methods.values():
        for known in each["runs"].values():
            framing += [[sent - small - rate * seconds for sent, rate in zip(line, silent)]
                        for line, seconds in zip(known["bytes"][1:], known["seconds"][1:])]
    mean = np.mean(framing, axis=0)
    sent = np.mean(done["bytes"][1:], axis=0)
    foretold = large + mean + np.array(silent) * np.mean(done["seconds"][1:])
    return {"idle_bytes_per_second": silent, "head": small, "framing": mean.tolist(), "framing_rounds": framing,
            "large_head": large, "large_sent": sent.tolist(), "large_foretold": foretold.tolist(),
            "ratio": (sent / foretold).tolist(), "run": spent(done)}


def bytes_table(result):
    """What left the devices."""
    sent = result["traffic"]
    mean = np.mean([np.mean(run["bytes"][1:]) for each in result["splits"].values() for run in each["runs"].values()])
    return ["", "| of a device, in a round | bytes |", "|---|---|", f"| its head | {sent['head']} |",
            f"| Flower's framing of it | {np.mean(sent['framing']):.0f} |",
            f"| asking whether there is work, a second | {np.mean(sent['idle_bytes_per_second']):.0f} |",
            f"| all of it | {mean:.0f} |",
            f"| a head of {sent['large_head']}: foretold | {np.mean(sent['large_foretold']):.0f} |",
            f"| and sent | {np.mean(sent['large_sent']):.0f}, a device {min(sent['ratio']):.3f} to {max(sent['ratio']):.3f} "
            "times what was foretold |"]


def search_table(clear):
    """What a capture has of samples, and of what it should have."""
    control = clear["control"]
    return ["", f"| in {clear['bytes']} bytes of {clear['streams']} connections in the clear | found |", "|---|---|",
            *(f"| {name} | {count} |" for name, count in clear["found"].items()),
            *(f"| of {control[what]} {what} | {control[found]} |" for what, found in (
                ("pieces of the first device's first update", "found of them"),
                ("pieces of the planted features", "found of these")))]


def markdown(result):
    """Tables for people."""
    lines = ["| split | samples | local only | FedAvg | FedProx | personal | personal better than FedAvg's | than local |",
             "|---|---|---|---|---|---|---|---|"]
    for split, each in result["conclusions"].items():
        own, all_of = each["own"], each["everyone"]
        lines.append(f"| {split} | its own | " + " | ".join(f"{100 * own[method]:.1f} %" for method in METHODS)
                     + f" | {each['personal_better_than_global']} of {result['devices']}"
                     f" | {each['personal_better_than_local']} of {result['devices']} |")
        lines.append(f"| {split} | everyone's | " + " | ".join(f"{100 * all_of[method]:.1f} %" for method in METHODS[:3])
                     + " | - | - | - |")
    memory = max(run["memory_mib"] for each in result["splits"].values() for run in each["runs"].values())
    lines += ["", f"Memory of all processes: {memory} MiB."]
    if "traffic" in result:
        lines += bytes_table(result) + search_table(result["capture"])
    return "\n".join(lines) + "\n"


def experiment(arguments, folder):
    """All of it, as one object."""
    images, labels = fashion_mnist.load("test")
    states = [os.path.join(folder, "devices", str(i)) for i in range(arguments.devices)]
    for state in states:
        os.makedirs(state)
    data, secrets = {}, {}
    with dla.Device(arguments.device) as device:
        for name in arguments.splits:
            say(f"{name}: features, on {arguments.device}")
            data[name] = os.path.join(folder, name, "data")
            parts = splits.split(name, labels, arguments.devices, arguments.seed)
            secrets[name] = learning.collect(device, MODEL, images, labels, parts, data[name])
    methods, measured = {}, {}
    if not arguments.skip_traffic:
        say("in the clear")
        last = arguments.splits[-1]
        measured["capture"] = in_the_clear(arguments, data[last], secrets[last], folder, states)
    os.makedirs(os.path.join(folder, "tls"))
    with namespaces.Namespaces(arguments.devices) as spaces, \
            Federation(spaces, os.path.join(folder, "tls"), nodes(states), tls=True) as federation:
        federation.wait("a device", federation.joined)
        for name in arguments.splits:
            methods[name] = figures(name, arguments, data[name], federation, states)
            keep(os.path.join(folder, f"{name}.json"), methods[name])
        if not arguments.skip_traffic:
            measured["traffic"] = traffic(federation, arguments, methods, data[arguments.splits[-1]], states,
                                          os.path.join(folder, "tls"))
    result = {"devices": arguments.devices, "seed": arguments.seed, "backbone on": arguments.device,
              "configuration": {**configuration(arguments), "model": os.path.basename(MODEL)}, "splits": methods,
              "conclusions": {name: conclusions(each) for name, each in methods.items()},
              **measured}
    return result


def keep(path, values):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
        file.write("\n")


def write(result, out):
    """JSON, tables and plots."""
    keep(os.path.join(out, "result.json"), result)
    with open(os.path.join(out, "result.md"), "w", encoding="utf-8") as file:
        file.write(markdown(result))
    titles = {"local": "local only", "fedavg": "FedAvg", "fedprox": "FedProx", "personal": "personal"}
    for name, each in result["splits"].items():
        lines = []
        for method in METHODS:
            table = np.array(each[method]["rounds"])
            lines.append((titles[method], *(values.tolist() for values in (table.mean(1), table.min(1), table.max(1)))))
        with open(os.path.join(out, f"by-{name}.svg"), "w", encoding="utf-8") as file:
            file.write(plot.curves(f"Split by {name}: mean over {result['devices']} devices, own held out samples",
                                   len(lines[0][1]) - 1, lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder for result.json, result.md, by-class.svg, by-style.svg")
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="of each round")
    parser.add_argument("--personal-epochs", type=int, default=20)
    parser.add_argument("--splits", nargs="+", choices=splits.SPLITS, default=list(splits.SPLITS))
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--skip-traffic", action="store_true", help="accuracy only, no rounds for bytes and the capture")
    parser.add_argument("--device", default="sim:nv_small", help="that computes the features")
    parser.add_argument("--patience", type=float, default=600, help="seconds that a round waits for a device")
    arguments = parser.parse_args()
    if os.geteuid():
        sys.exit("experiment.py: namespaces take root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("experiment.py: ended"))
    os.makedirs(arguments.out, exist_ok=True)
    work = os.path.join(os.path.abspath(arguments.out), "work")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    try:
        write(result := experiment(arguments, work), arguments.out)
    except KeyboardInterrupt:
        sys.exit("experiment.py: interrupted")
    except (OSError, RuntimeError, ValueError, subprocess.CalledProcessError, fashion_mnist.DatasetError) as error:
        sys.exit(f"experiment.py: {error}")
    print(markdown(result), end="")


if __name__ == "__main__":
    main()
