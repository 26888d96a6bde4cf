# SPDX-License-Identifier: MIT
"""What the server keeps of each round: the head in a file of its own, and a line of JSON."""
import contextlib
import fcntl
import json
import os
import re

FILE = re.compile(r"round-(\d{5})\.head")


class Rounds:
    """A folder, of one run at a time. Files of heads are whole or not there, so the newest is where to go on from."""

    def __init__(self, folder, head):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.lock)
            raise ValueError(f"another run is at work in {folder}") from None
        self.figures = os.path.join(folder, "rounds.jsonl")
        self._cut_line()
        self.head = head
        self.first = max((int(match[1]) for match in map(FILE.fullmatch, os.listdir(folder)) if match), default=0)
        if self.first:
            head.restore(self._path(self.first))

    def close(self):
        """Let others work here."""
        os.close(self.lock)

    def _cut_line(self):
        """What a full disk, or a loss of power, left of the last line goes."""
        with contextlib.suppress(FileNotFoundError), open(self.figures, "rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)

    def _path(self, number):
        return os.path.join(self.folder, f"round-{number:05}.head")

    def keep(self, number, values):
        """The head after that round."""
        self.head.weights = values
        self.head.save(self._path(number))

    def tell(self, line):
        """Add a line to the figures."""
        with open(self.figures, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
