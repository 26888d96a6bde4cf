# SPDX-License-Identifier: MIT
"""Devices and a server as network namespaces: one for each, an interface pair to a bridge beside the server."""
import json
import os
import re
import signal
import subprocess
import time

SERVER = "192.0.2.1"
PORT = 9092


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stdin=subprocess.DEVNULL)


def address(device):
    return f"192.0.2.{10 + device}"


def port(device):
    """The name of a device's end of the cable at the bridge."""
    return f"port{device}"


def abandoned():
    """Names of namespaces whose experiment was killed and could not remove them."""
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    return [name for name, pid in re.findall(r"^(lab(\d+)-\S+)", listed, re.M) if not os.path.exists(f"/proc/{pid}")]


class Namespaces:
    """The server and @count devices; namespaces and what runs in them are gone when it is left."""

    def __init__(self, count):
        self.server = f"lab{os.getpid()}-server"
        self.devices = [f"lab{os.getpid()}-{i}" for i in range(count)]

    def __enter__(self):
        for name in abandoned():
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)
        try:
            for name in (self.server, *self.devices):
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            ip("-n", self.server, "link", "add", "bridge", "type", "bridge")
            ip("-n", self.server, "address", "add", f"{SERVER}/24", "dev", "bridge")
            ip("-n", self.server, "link", "set", "bridge", "up")
            for i, name in enumerate(self.devices):
                ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", port(i), "netns", self.server)
                ip("-n", name, "address", "add", f"{address(i)}/24", "dev", "eth0")
                ip("-n", self.server, "link", "set", port(i), "master", "bridge", "up")
                ip("-n", name, "link", "set", "eth0", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def pids(self):
        """Of everything that runs in them."""
        found = []
        for name in (*self.devices, self.server):
            done = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True, text=True)
            found += map(int, done.stdout.split())
        return found

    def stop(self):
        """End what runs in them, whoever started it: politely first."""
        for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for pid in self.pids():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            end = time.monotonic() + patience
            while self.pids() and time.monotonic() < end:
                time.sleep(0.1)

    def __exit__(self, *_):
        self.stop()
        for name in (*self.devices, self.server):
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)

    def start(self, name, command, log, env):
        """A program in a namespace, its output appended to a file."""
        with open(log, "ab") as file:
            return subprocess.Popen(["ip", "netns", "exec", name, *map(str, command)], stdin=subprocess.DEVNULL, stdout=file,
                                    stderr=subprocess.STDOUT, env=env, start_new_session=True)

    def run(self, name, command, env):
        """A program to its end; its output."""
        done = subprocess.run(["ip", "netns", "exec", name, *map(str, command)], check=False, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=env)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def sent(self):
        """Bytes that have left each device so far, as its interface counted them."""
        return [json.loads(subprocess.run(["ip", "-j", "-s", "-n", name, "link", "show", "eth0"], check=True,
                                          capture_output=True, text=True).stdout)[0]["stats64"]["tx"]["bytes"]
                for name in self.devices]

    def memory(self):
        """MiB that the processes have resident, what they share counted once (their proportional set size)."""
        kilobytes = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                    kilobytes += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            except (OSError, StopIteration):
                pass
        return kilobytes // 1024
