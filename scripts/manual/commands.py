# SPDX-License-Identifier: MIT
"""What the tool's sources say of its commands: the help texts, taken apart, and the examples of each.

A help text is "usage: ..." lines, paragraphs, options, and paragraphs; "Exit codes: N what, N what."
may be in one. Examples are files of paragraphs, and of commands that are indented by four blanks.
"""
import glob
import itertools
import os
import re
from dataclasses import dataclass

LITERALS = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s*"((?:[^"\\]|\\.)*)")*')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
COMMAND = re.compile(r'\{ "(\w+)", cmd_\w+, "([^"]*)" \}')
# Options that are described elsewhere: "likewise; so too --exact, --seed N".
SO_TOO = re.compile(r"; so too (--.*)$")
SUBCOMMAND = re.compile(r"^dla \w+ ([a-z]+)\b")
OPTION = re.compile(r"^  (?P<names>(?:-\w, )?--[\w-]+)(?: (?P<value>[A-Z]+))?(?:  +(?P<said>.*))?$")


@dataclass
class Option:
    names: list         # "-o", "--output"
    value: str          # "FILE", or empty
    said: str


@dataclass
class Command:
    name: str
    phrase: str
    help: str
    usage: list
    subcommands: list   # "collect", "train"
    before: list        # paragraphs in front of the options
    options: list
    after: list         # and behind them, without
    exits: list         # (code, what)
    examples: str


def unescaped(text):
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")


def help_texts(source):
    """The strings of a C file that begin with "usage: dla"."""
    for match in LITERALS.finditer(source):
        text = "".join(unescaped(part) for part in STRING.findall(match[0]))
        if text.startswith("usage: dla ") and text.count("\n") > 3:
            yield text


def resolved(options):
    """Each option with words of its own: what is said of the one before, where that is what its text says."""
    out = []
    for option in options:
        also = SO_TOO.search(option.said)
        said = option.said[:also.start()] if also else option.said
        said = out[-1].said if said == "likewise" and out else said
        out.append(Option(option.names, option.value, said))
        for one in also[1].split(", ") if also else []:
            name, _, value = one.partition(" ")
            out.append(Option([name], value, said))
    return out


def parse(name, phrase, text, examples):
    usage, subcommands, before, options, after, exits = [], [], [], [], [], []
    for number, block in enumerate(text.strip("\n").split("\n\n")):
        lines = block.split("\n")
        if number == 0:
            usage = [re.sub(r"^(usage:| +or:)?\s*", "", line) for line in lines]
            subcommands = list(dict.fromkeys(itertools.chain.from_iterable(map(SUBCOMMAND.findall, usage))))
        elif lines[0].startswith("  -"):
            for line in lines:
                match = OPTION.match(line)
                if match:
                    options.append(Option(match["names"].split(", "), match["value"] or "", match["said"] or ""))
                elif line.startswith("   ") and options:
                    options[-1].said = f"{options[-1].said} {line.strip()}".strip()
                else:
                    raise ValueError(f"dla {name} --help: {line!r} is no option")
        else:
            said = " ".join(lines)
            rest, _, codes = said.partition("Exit codes")
            exits += [(code, what.strip(" ,.")) for code, what in re.findall(r"(\d+) (.*?)(?=, \d+ |\.$|$)", codes)]
            if codes.startswith(" are "):
                exits.append(("", f"They{codes}"))
            if rest.strip():
                (after if options else before).append(rest.strip())
    return Command(name, phrase, text, usage, subcommands, before, resolved(options), after, exits, examples)


def read(folder):
    """The commands of the tool whose sources are in a folder, in the order in which it lists them."""
    helps = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.c"))):
        with open(path, encoding="utf-8") as file:
            for text in help_texts(file.read()):
                helps[text.split()[2]] = text
    with open(os.path.join(folder, "dla.c"), encoding="utf-8") as file:
        table = COMMAND.findall(file.read())
    found = []
    for name, phrase in table:
        if name not in helps:
            raise ValueError(f"dla {name} has no help text")
        with open(os.path.join(folder, "examples", f"{name}.txt"), encoding="utf-8") as file:
            found.append(parse(name, phrase, helps[name], file.read()))
    return found


def example_commands(text):
    return [line.strip() for line in text.split("\n") if line.startswith("    ")]
