# SPDX-License-Identifier: MIT
"""The guest's whole file system: a cpio archive that the kernel unpacks."""
import os
import re
import stat
import subprocess
import tempfile

from . import cache


class Archive:
    """Files by their paths in the guest, in cpio's "newc" format."""

    def __init__(self):
        self.entries = {}

    def folder(self, path):
        path = path.strip("/")
        if path and path not in self.entries:
            self.folder(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | 0o755, b"")

    def file(self, path, data, mode=0o755):
        path = path.strip("/")
        self.folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFREG | mode, data)

    def link(self, path, target):
        path = path.strip("/")
        self.folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def add(self, source, path):
        """A file or folder of the host."""
        if os.path.isdir(source):
            self.folder(path)
            for name in sorted(os.listdir(source)):
                self.add(os.path.join(source, name), os.path.join(path, name))
        elif os.path.isfile(source):
            self.file(path, cache.contents(source), stat.S_IMODE(os.stat(source).st_mode))
        else:
            raise cache.Failure(f"{source}: no such file or folder")

    def add_libraries(self, sysroot):
        """Whatever the programs in here are linked with, found in the sysroot."""
        places = [os.path.join(sysroot, name) for name in
                  ("lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib")]
        have = {os.path.basename(path) for path in self.entries}
        todo = [data for mode, data in self.entries.values() if stat.S_ISREG(mode)]
        while todo:
            for name in needed(todo.pop()):
                if name in have:
                    continue
                have.add(name)
                found = [os.path.join(place, name) for place in places if os.path.exists(os.path.join(place, name))]
                if not found:
                    raise cache.Failure(f"the guest needs {name}, which is not in {sysroot}")
                data = cache.contents(found[0])
                self.file(f"lib/{name}", data)
                todo.append(data)

    def write(self, path):
        with open(path, "wb") as file:
            for number, (name, (mode, data)) in enumerate(sorted(self.entries.items()), 1):
                self._write(file, number, mode, name, data)
            self._write(file, 0, 0, "TRAILER!!!", b"")

    @staticmethod
    def _write(file, number, mode, name, data):
        name = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        file.write(header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4))


def needed(data):
    """Names of the libraries and the interpreter that an ELF file asks for."""
    if not data.startswith(b"\x7fELF"):
        return []
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        text = subprocess.run(["readelf", "-ldW", file.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, errors="replace").stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text) + \
        [os.path.basename(path) for path in re.findall(r"program interpreter: (.*)\]", text)]
