# SPDX-License-Identifier: MIT
"""One run of the guest: QEMU, its time limit, what comes out."""
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading

from . import cache

def _splats():
    """What the kernel says when something is wrong with it: the file that the guest's scripts use, too."""
    lines = cache.contents(os.path.join(cache.TOP, "tests/kselftest/splats")).decode().splitlines()
    return re.compile("|".join(line.split("\t")[0] for line in lines if not line.startswith("#")))


class Result:
    def __init__(self, status, log, folder):
        self.status = status    # of the guest's script; None when it did not end
        self.log = log          # the kernel's, as lines
        self.folder = folder    # what the script left in /out
        self.expired = False    # the time limit ended it
        splats = _splats()
        self.trouble = [line for line in log if splats.search(line)]


def board(qemu, devices, memory, dump_dtb=None):
    """QEMU's command line as far as it describes hardware; devices: properties of one -device each."""
    machine = f"virt,dumpdtb={dump_dtb}" if dump_dtb else "virt"
    command = [qemu, "-machine", machine, "-cpu", "cortex-a53", "-smp", "2", "-m", str(memory), "-nic", "none",
               "-display", "none", "-monitor", "none", "-no-reboot"]
    for properties in devices:
        command += ["-device", properties]
    return command


def software(image, initramfs, append="", dtb=None):
    command = ["-kernel", image, "-initrd", initramfs,
               "-append", f"console=ttyAMA0 quiet loglevel=4 panic=-1 {append}".strip()]
    return command + (["-dtb", dtb] if dtb else [])


def run(command, folder, timeout):
    """Run QEMU; the script's output goes to standard output as it comes."""
    console, results = os.path.join(folder, "console"), os.path.join(folder, "results.tar")
    command = command + ["-serial", f"file:{console}",
                         "-chardev", "file,id=output,path=/dev/stdout", "-chardev", f"file,id=results,path={results}",
                         "-device", "virtio-serial-device",
                         "-device", "virtserialport,chardev=output,name=output",
                         "-device", "virtserialport,chardev=results,name=results"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    expired = threading.Event()

    def stop():
        expired.set()
        # Politely, so that a recording is completed.
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()

    timer = threading.Timer(timeout, stop)
    timer.start()
    try:
        while chunk := process.stdout.read1(65536):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        code = process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.terminate()
            process.wait()
    if expired.is_set():
        cache.say(f"the guest was stopped after {timeout} s")
    elif code:
        raise cache.Failure(f"QEMU ended with status {code}")
    result = collect(console, results, os.path.join(folder, "out"))
    result.expired = expired.is_set()
    return result


def collect(console, results, out):
    os.makedirs(out, exist_ok=True)
    status, log = None, []
    # Without results the guest died or hung, and all that is known is on its console.
    try:
        with tarfile.open(results) as archive:
            # Debian 12's Python has no argument for it.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(out)
        with open(os.path.join(out, "status")) as file:
            status = int(file.read())
        with open(os.path.join(out, "dmesg"), errors="replace") as file:
            log = file.read().splitlines()
    except (OSError, tarfile.TarError, ValueError):
        pass
    with open(console, errors="replace") as file:
        log += [line for line in file.read().splitlines() if line not in log]
    return Result(status, log, out)
