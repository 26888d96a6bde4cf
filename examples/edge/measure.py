#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Inference here beside inference over a network: measure.py MODEL.tflite [--runs N] [--json FILE] [--markdown FILE]

Makes two network namespaces with a pair of interfaces between them, so it needs root and iproute2; strace,
too. What runs in the first (near.py) reaches what runs in the second (far.py) by way of link.py's delays. Then the link is
cut, and last, near.py runs under strace. Needs the module of userspace/python.
"""
import argparse
import contextlib
import json
import math
import os
import platform
import shutil
import subprocess
import sys

import near
import outgoing

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import results  # noqa: E402  pylint: disable=wrong-import-position

ADDRESS = {"near": "192.0.2.1", "far": "192.0.2.2"}
PORT = 8000
# Chosen, not measured anywhere: name, and --delay, --jitter and --loss of link.py.
LINKS = (("no delay", 0, 0, 0), ("LAN, 2 ms there and back", 1, 0.1, 0), ("mobile, 40 ms there and back", 20, 5, 0.01))


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


class Namespaces:
    """Two of them, and a cable; gone when it is left."""

    def __init__(self):
        self.names = {side: f"dla-{side}-{os.getpid()}" for side in ADDRESS}

    def __enter__(self):
        try:
            for name in self.names.values():
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            ip("-n", self.names["near"], "link", "add", "near", "type", "veth", "peer", "name", "far", "netns",
               self.names["far"])
            for side, name in self.names.items():
                ip("-n", name, "address", "add", f"{ADDRESS[side]}/24", "dev", side)
                ip("-n", name, "link", "set", side, "up")
        except subprocess.CalledProcessError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)

    def command(self, side, script, *arguments):
        """Of a program of this folder, in one of them."""
        return ["ip", "netns", "exec", self.names[side], sys.executable, os.path.join(HERE, script), *map(str, arguments)]

    @contextlib.contextmanager
    def running(self, side, script, *arguments):
        """Between when it says that it is ready, and when nobody needs it any more."""
        with subprocess.Popen(self.command(side, script, *arguments), stdout=subprocess.PIPE, text=True) as process:
            try:
                if not process.stdout.readline():
                    raise RuntimeError(f"{script} did not start")
                yield
            finally:
                process.terminate()

    def near(self, *arguments):
        """What near.py measures."""
        done = subprocess.run(self.command("near", "near.py", *arguments), check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout)

    def cut(self):
        """Pull the cable."""
        ip("-n", self.names["near"], "link", "set", "near", "down")


def row(where, link, result):
    """Milliseconds by nearest rank; of none, None."""
    times = sorted(1000 * seconds for seconds in result["seconds"])

    def rank(share):
        return round(times[math.ceil(share * len(times)) - 1], 3) if times else None

    return {"where": where, "link": link, "runs": len(times) + result["failed"], "failed": result["failed"],
            "why": result.get("why"), "p50_ms": rank(0.5), "p99_ms": rank(0.99), "worst_ms": rank(1),
            "late_ms": round(1000 * result["late"], 3) if "late" in result else None}


def measure(model, device, runs):
    """All of it, as one object."""
    rows = []
    local = [model, "--device", device]
    server = [model, "--server", f"{ADDRESS['far']}:{PORT}"]
    with Namespaces() as both, both.running("far", "far.py", model, "--listen", "127.0.0.1:8001"):
        rows.append(row("here", "up", both.near(*local, "--runs", runs)))
        for name, delay, jitter, loss in LINKS:
            with both.running("far", "link.py", "--listen", f"{ADDRESS['far']}:{PORT}", "--to", "127.0.0.1:8001",
                              "--delay", delay, "--jitter", jitter, "--loss", loss):
                rows.append(row("server", name, both.near(*server, "--runs", runs)))
        both.cut()
        rows.append(row("here", "cut", both.near(*local, "--runs", runs)))
        rows.append(row("server", "cut", both.near(*server, "--runs", min(runs, 10), "--patience", 1)))
    return {"model": os.path.basename(model), "device": device, "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
            "rows": rows}


def traced(model, device):
    """Runs here, and to show that the method finds what it looks for, by the server."""
    import dla  # pylint: disable=import-outside-toplevel; --help needs none
    with dla.Device("cpu") as cpu:
        info = cpu.load(model).inputs[0]
    secret = near.picture(info.shape, info.dtype).tobytes()
    script = [sys.executable, os.path.join(HERE, "near.py"), model, "--runs", "5"]
    with Namespaces() as both, both.running("far", "far.py", model, "--listen", f"{ADDRESS['far']}:{PORT}"):
        inside = ("ip", "netns", "exec", both.names["near"])
        return {"here": outgoing.trace([*script, "--device", device], secret, inside),
                "server": outgoing.trace([*script, "--server", f"{ADDRESS['far']}:{PORT}"], secret, inside)}


def markdown(result):
    """Tables for people."""
    lines = [f"{result['model']}, here on `{result['device']}`; {result['machine']}.", "",
             "| inference | link | runs | failed | p50 | p99 | worst | emulator late |", "|---|---|---|---|---|---|---|---|"]
    for each in result["rows"]:
        times = [f"{each[key]:.1f} ms" if each[key] is not None else "-"
                 for key in ("p50_ms", "p99_ms", "worst_ms", "late_ms")]
        lines.append(f"| {each['where']} | {each['link']} | {each['runs']} | {each['failed']} | {' | '.join(times)} |")
    lines += ["", "| traced | system calls | of sockets | that strace cannot read | writes | bytes | with input in them |",
              "|---|---|---|---|---|---|---|"]
    for where, each in result["traced"].items():
        lines.append(f"| {where} | {each['calls']} | {sum(each['sockets'].values())} | {sum(each['unreadable'].values())} | "
                     f"{each['writes']} | {each['written_bytes']} | {each['leaks']} |")
    mapped = result["traced"]["here"]["mapped"]
    lines += ["", "Files mapped shared and writable by the run here: " + (", ".join(mapped) or "none") + "."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--device", default="sim:nv_small@100MHz", help="that near.py uses")
    parser.add_argument("--runs", type=int, default=500)
    results.add_options(parser)
    arguments = parser.parse_args()
    if os.geteuid():
        sys.exit("measure.py: namespaces take root")
    for tool in ("ip", "strace"):
        if not shutil.which(tool):
            sys.exit(f"measure.py: {tool} is not there; apt install iproute2 strace")
    try:
        result = measure(arguments.model, arguments.device, arguments.runs)
        result["traced"] = traced(arguments.model, arguments.device)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"measure.py: {error}")
    results.write(arguments, result, markdown(result))


if __name__ == "__main__":
    main()
