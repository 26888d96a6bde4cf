# SPDX-License-Identifier: MIT
"""Things that take long to make, kept outside the tree and found again by what they were made of."""
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))


# Entries of one kind that stay: work on several branches wants more than one.
KEPT = 3


class Failure(Exception):
    """A message for the person at the terminal, who needs no traceback."""


def root():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.path.join(base, "nvdla")
    os.makedirs(path, exist_ok=True)
    return path


def say(message):
    print(f"# {message}", file=sys.stderr, flush=True)


def digest(*parts):
    """A short name for what the parts say: strings, or files by contents."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part if isinstance(part, bytes) else part.encode()).digest())
    return total.hexdigest()[:16]


def contents(path):
    with open(path, "rb") as file:
        return file.read()


@contextlib.contextmanager
def lock(name):
    """Held by one process at a time, and let go by the kernel when that process ends."""
    with open(os.path.join(root(), f"{name}.lock"), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that makes {name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prune(name):
    """Remove the entries of one kind that have not been used for longest."""
    same = [os.path.join(root(), item) for item in os.listdir(root()) if re.fullmatch(rf"{name}-[0-9a-f]{{16}}", item)]
    for path in sorted(same, key=os.path.getmtime, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def entry(name, key, fill):
    """The folder NAME-KEY; fill(folder) makes its contents when it is not there yet.

    It appears under its name when it is complete: an interrupted fill leaves nothing that counts. Its
    time says when it was last asked for.
    """
    path = os.path.join(root(), f"{name}-{key}")
    if os.path.isdir(path):
        os.utime(path)
        return path
    with lock(name):
        if not os.path.isdir(path):
            temporary = path + ".tmp"
            shutil.rmtree(temporary, ignore_errors=True)
            os.makedirs(temporary)
            try:
                fill(temporary)
                os.rename(temporary, path)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            os.utime(path)
            prune(name)
    return path


@contextlib.contextmanager
def told(what):
    """Says now and then that something long goes on."""
    start, ended = time.monotonic(), threading.Event()

    def tell():
        while not ended.wait(30):
            say(f"{what}, {time.monotonic() - start:.0f} s")

    say(what)
    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(command, log=None, **options):
    """Run a command whose output matters only when it fails."""
    log = log or os.path.join(root(), f"{os.path.basename(command[0])}.{os.getpid()}.log")
    with open(log, "w") as file:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                **options).returncode
    if status:
        with open(log, errors="replace") as file:
            sys.stderr.writelines(file.readlines()[-60:])
        raise Failure(f"{' '.join(command[:4])}... ended with status {status}; its output is in {log}")
    os.unlink(log)


def need(*packages):
    """Debian packages of this machine."""
    if subprocess.run([os.path.join(TOP, "scripts/need"), *packages], stdout=sys.stderr).returncode:
        raise Failure("Debian packages are missing")


def main(function):
    """Run a script's main function: no traceback for what a message explains."""
    try:
        sys.exit(function())
    except Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
