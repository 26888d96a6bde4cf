# SPDX-License-Identifier: MIT
"""Flower's SuperLink in the server's namespace, a SuperNode in each device's, and runs of an app with them."""
import json
import os
import re
import socket
import subprocess
import sys
import time

import namespaces

PROGRAMS = os.path.dirname(sys.executable)
PATIENCE = 300
CERTIFICATES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "federated", "certificates.sh")


def program(name):
    """Of the same environment as this interpreter."""
    return os.path.join(PROGRAMS, name)


def environment(home):
    """Nothing is reported to anybody, and no state is shared with other uses of Flower."""
    return {**os.environ, "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "FLWR_HOME": home,
            "PATH": PROGRAMS + os.pathsep + os.environ["PATH"], "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1"}


class Federation:
    """
    A server and its devices. @configs: each device's node configuration, a dictionary.

    With @tls, connections are encrypted and only devices whose public keys were registered may join.
    """

    def __init__(self, spaces, folder, configs, tls):
        self.spaces, self.folder, self.configs, self.tls = spaces, folder, configs, tls
        self.home = os.path.join(folder, "flwr")
        self.env = environment(self.home)
        os.makedirs(self.home, exist_ok=True)
        self.processes = []

    def file(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        link = f'[superlink]\ndefault = "lab"\n\n[superlink.lab]\naddress = "{namespaces.SERVER}:{namespaces.PORT}"\n'
        if self.tls:
            subprocess.run(["sh", CERTIFICATES, self.folder, namespaces.SERVER,
                            *(f"device{i}" for i in range(len(self.configs)))], check=True)
            link += f'root-certificates = "{self.file("ca.pem")}"\n'
        else:
            link += "insecure = true\n"
        with open(os.path.join(self.home, "config.toml"), "w", encoding="utf-8") as file:
            file.write(link)
        try:
            self.start_server()
            for device, config in enumerate(self.configs):
                self.start_device(device, config)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.spaces.stop()
        for process in self.processes:
            process.wait()

    def start_server(self):
        security = ["--insecure"]
        if self.tls:
            security = ["--ssl-ca-certfile", self.file("ca.pem"), "--ssl-certfile", self.file("server.pem"), "--ssl-keyfile",
                        self.file("server.key"), "--enable-supernode-auth"]
        self.processes.append(self.spaces.start(self.spaces.server, [
            program("flower-superlink"), *security, "--host", namespaces.SERVER, "--port", namespaces.PORT,
            "--disable-runtime-dependency-installation"], self.file("superlink.log"), self.env))
        self.wait("the SuperLink", self.listening)

    def listening(self):
        done = subprocess.run(["ip", "netns", "exec", self.spaces.server, "cat", "/proc/net/tcp"], check=True,
                              capture_output=True, text=True)
        # As the kernel writes it: the address's bytes from the last one, and a state that means LISTEN.
        wanted = f"{socket.inet_aton(namespaces.SERVER)[::-1].hex().upper()}:{namespaces.PORT:04X} 00000000:0000 0A"
        return wanted in done.stdout

    def wait(self, what, ready):
        """Until it is, as long as all programs run."""
        end = time.monotonic() + PATIENCE
        while not ready():
            dead = [each.args for each in self.processes if each.poll() is not None]
            if dead or time.monotonic() > end:
                raise RuntimeError(f"{what} did not start{': ' + ' '.join(dead[0]) + ' ended' if dead else ''}; see "
                                   f"{self.folder}")
            time.sleep(0.2)

    def start_device(self, device, config):
        security = ["--insecure"]
        if self.tls:
            self.flwr("supernode", "register", self.file(f"device{device}.pub"), "--name", f"device{device}")
            security = ["--root-certificates", self.file("ca.pem"), "--auth-supernode-private-key",
                        self.file(f"device{device}.key")]
        values = " ".join(f"{key}={json.dumps(value)}" for key, value in config.items())
        self.processes.append(self.spaces.start(self.spaces.devices[device], [
            program("flower-supernode"), *security, "--superlink", f"{namespaces.SERVER}:{namespaces.PORT}",
            "--node-config", values], self.file(f"device{device}.log"), self.env))

    def flwr(self, *arguments):
        """Flower's command line tool, where it reaches the server."""
        return json.loads(self.spaces.run(self.spaces.server, [program("flwr"), *arguments, "--format", "json"], self.env))

    def log(self, name):
        with open(self.file(f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def joined(self):
        """Whether all devices are there."""
        return all("SuperNode ID" in self.log(f"device{i}") for i in range(len(self.configs)))

    def names(self):
        """The device's number, by what the server calls it."""
        found = {f"device{i}": i for i in range(len(self.configs))}
        for i in range(len(self.configs)):
            found.update({number: i for number in re.findall(r"SuperNode ID: (\d+)", self.log(f"device{i}"))})
        return found

    def run(self, app, config, state, progress):
        """
        An app with that run configuration, to the end of its rounds: the lines that it wrote into its state folder.

        @progress is called with the line's number and the line when there is a new one.
        """
        os.makedirs(state, exist_ok=True)
        told = " ".join(f"{key}={json.dumps(value)}" for key, value in {**config, "state": state}.items())
        started = self.flwr("run", app, "lab", "--run-config", told)
        if not started.get("success"):
            raise RuntimeError(f"flwr run: {started}")
        number, lines, end = str(started["run-id"]), [], None
        while len(lines) < config["rounds"]:
            time.sleep(0.3)
            try:
                with open(os.path.join(state, "rounds.jsonl"), encoding="utf-8") as file:
                    whole = [json.loads(line) for line in file if line.endswith("\n")]
            except FileNotFoundError:
                whole = []
            for line in whole[len(lines):]:
                lines.append(line)
                progress(len(lines), line)
            if re.search(rf"Finished task \d+ of run {number}\b", self.log("superlink")):
                end = end or time.monotonic()
                if time.monotonic() > end + 2 and len(lines) < config["rounds"]:
                    said = subprocess.run(["ip", "netns", "exec", self.spaces.server, program("flwr"), "log", number, "lab",
                                           "--show"], check=False, capture_output=True, text=True, env=self.env).stdout
                    raise RuntimeError(f"the run ended after {len(lines)} rounds: {said[-2000:]}")
            if any(process.poll() is not None for process in self.processes):
                raise RuntimeError(f"a SuperLink or SuperNode ended; see {self.folder}")
        return lines
