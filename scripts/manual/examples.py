# SPDX-License-Identifier: MIT
"""The programs of examples/api: what each shows, and how it is run.

They begin with a comment of a description, "Shows: " functions, and "Run: " the program's name and arguments.
"""
import glob
import os
import re
from dataclasses import dataclass

COMMENT = re.compile(r"^/\*\n(?P<said>.*?)^ \*\n \* Shows:(?P<shows>.*?)^ \* Run: (?P<run>.*?)\n \*/\n", re.DOTALL | re.MULTILINE)


@dataclass
class Example:
    name: str
    said: str
    shows: list
    run: str
    code: str           # the program without its first comment


def read(folder):
    """(Programs, mistakes)."""
    found, mistakes = [], []
    for path in sorted(glob.glob(os.path.join(folder, "*.c"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name = os.path.basename(path).removesuffix(".c")
        match = COMMENT.search(text)
        if not match or match["run"].split()[0] != name:
            mistakes.append(f"{path}: does not begin with what it shows and how it is run")
            continue
        said = " ".join(line.lstrip(" *").strip() for line in match["said"].splitlines())
        example = Example(name, said, re.findall(r"(\w+)\(\)", match["shows"]), match["run"], text[match.end():])
        mistakes += [f"{path}: does not call {shown}()" for shown in example.shows if f"{shown}(" not in example.code]
        found.append(example)
    return found, mistakes


def of_functions(examples, functions, path):
    """({function: example}, mistakes)."""
    by_function, mistakes = {}, []
    for example in examples:
        for shown in example.shows:
            if shown not in functions:
                mistakes.append(f"{path}/{example.name}.c: there is no {shown}()")
            by_function.setdefault(shown, example)
    mistakes += [f"{path}: no program shows {function}()" for function in functions if function not in by_function]
    return by_function, mistakes
