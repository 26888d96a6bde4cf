# SPDX-License-Identifier: MIT
"""What dla.h and dla_head.h say of themselves: functions, structures and their comments, and what is missing
there.

The comments are the kernel's kind, with these rules:

    /**
     * NAME() - one phrase            or "struct NAME - ", "enum NAME - ", "typedef NAME - ", "DOC: title"
     * @parameter: text               all of them or none; of structures all members, of enumerations all
     *	that goes on                  constants, unless each has a comment behind it
     *
     * Paragraphs, and code behind a paragraph that ends in "::".
     *
     * Return: what                   needed where something is returned and there are no Errors
     * Errors: ENOENT (why), ENOMEM.
     * Threads: who may call it       as for its object, if missing
     */

A phrase that begins with "likewise" makes a function part of the manual page of the one before. Text
refers to name(), &structure, &structure.member, &CONSTANT and @parameter.
"""
import re
from dataclasses import dataclass, field

SECTIONS = ("Return", "Errors", "Threads")
HEAD = re.compile(r"(?:(?P<kind>struct|enum|typedef) )?(?P<name>\w+)(?P<call>\(\))? - (?P<phrase>.*)", re.DOTALL)
COMMENT = re.compile(r"^/\*\*(.*?)\*/\n?", re.DOTALL | re.MULTILINE)
DECLARATION = re.compile(r"(?:(?P<function>DLA_API [^;{}]*?\b(?P<fname>\w+)\((?P<params>[^;{}]*)\));"
                         r"|(?P<record>(?P<kind>struct|enum) (?P<rname>\w+) \{\n(?P<body>.*?)\n\});"
                         r"|(?P<opaque>struct (?P<oname>\w+));"
                         r"|(?P<typedef>typedef [^;{}]*?\b(?P<tname>\w+)\((?P<tparams>[^;{}]*)\));)", re.DOTALL)
GROUP = re.compile(r"^/\* -{10,} (\w[\w ]*) \*/$", re.MULTILINE)
REFERENCE = re.compile(r"&(?:struct |enum )?(?P<name>\w+)(?:\.(?P<member>\w+))?|\b(?P<call>dla_\w+)\(\)|(?<!\w)@(?P<parameter>\w+)")


@dataclass
class Comment:
    """The text of a comment, taken apart."""

    name: str
    phrase: str
    items: dict             # @name: text
    blocks: list            # ("text" or "code", text)
    sections: dict          # "Errors": blocks


@dataclass
class Entry:
    """A declaration with its comment."""

    kind: str               # function, struct, enum, typedef, opaque
    name: str
    code: str               # as it is declared, without DLA_API and the semicolon
    names: list             # of parameters, members or constants
    comment: Comment
    line: int
    group: str
    path: str               # of the header
    trailing: dict = field(default_factory=dict)    # comments behind constants

    @property
    def likewise(self):
        return self.kind == "function" and self.comment.phrase.startswith("likewise")

    @property
    def returns(self):
        return self.code.split(self.name + "(")[0].strip()

    def text_of(self, name):
        return self.comment.items.get(name) or self.trailing.get(name)


def paragraphs(lines):
    """Blocks of text and of code, which is indented behind a line that ends in "::"."""
    blocks, text, index = [], [], 0

    def flush():
        if text:
            blocks.append(("text", " ".join(text)))
            text.clear()

    while index < len(lines):
        line = lines[index]
        index += 1
        if not line.strip():
            flush()
            continue
        text.append(line.strip())
        if not line.endswith("::"):
            continue
        text[-1] = text[-1][:-1]
        flush()
        code = []
        while index < len(lines) and (not lines[index].strip() or lines[index].startswith(("\t", "    "))):
            code.append(lines[index])
            index += 1
        blocks.append(("code", "\n".join(line.removeprefix("\t") for line in code).strip("\n")))
    flush()
    return blocks


def parse_comment(text):
    lines = [re.sub(r"^\s*\*(?: |$)?", "", line) if number else line.strip()
             for number, line in enumerate(text.rstrip().split("\n"))]
    lines = [line.rstrip() for line in lines]
    while lines and not lines[0]:
        lines.pop(0)
    head = []
    while lines and lines[0] and not lines[0].startswith("@"):
        head.append(lines.pop(0).strip())
    head = " ".join(head)
    items = {}
    while lines and lines[0].startswith("@"):
        name, _, said = lines.pop(0)[1:].partition(":")
        said = [said]
        while lines and lines[0].startswith(("\t", "   ")):
            said.append(lines.pop(0))
        items[name] = " ".join(part.strip() for part in said).strip()
    parts, where = {None: []}, None
    for line in lines:
        match = re.match(rf"({'|'.join(SECTIONS)}):(?: |$)(.*)", line)
        if match:
            where, line = match[1], match[2]
            parts[where] = []
        parts[where].append(line)
    sections = {name: paragraphs(said) for name, said in parts.items() if name}
    if head.startswith("DOC: "):
        return Comment("DOC", head.removeprefix("DOC: "), items, paragraphs(parts[None]), sections)
    match = HEAD.fullmatch(head)
    if not match:
        return None
    return Comment(match["name"], match["phrase"], items, paragraphs(parts[None]), sections)


def parameters(text):
    return [re.search(r"(\w+)\W*$", one)[1] for one in text.split(",") if one.strip() != "void"]


def members(kind, body):
    """The names in a structure or enumeration, and the comments behind them."""
    trailing = {match[1]: " ".join(re.sub(r"\n\s*\*", " ", match[2]).split())
                for match in re.finditer(r"(\w+)(?:\s*=[^,\n]*)?,\s*/\*\s*(.*?)\s*\*/", body, re.DOTALL)}
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    if kind == "enum":
        return re.findall(r"^\s*(\w+)", body, re.MULTILINE), trailing
    return [re.search(r"(\w+)(?:\[\w+\])?$", one.strip())[1] for one in body.split(";") if one.strip()], trailing


class Header:
    """A header, parsed: .docs, .entries, and .mistakes, sentences with line numbers. It has all of the one that it is based on."""

    def __init__(self, text, path="dla.h", base=None):
        self.path, self.mistakes, self.entries, self.docs = path, [], [], []
        self._read(text)
        own = self.entries
        if base:
            self.mistakes = base.mistakes + self.mistakes
            self.entries = base.entries + own
            self.docs = base.docs + self.docs
        self.by_name = {}
        for entry in self.entries:
            self.by_name.setdefault((entry.kind == "function", entry.name), entry)
        for entry in own:
            self._check(entry)

    def _wrong(self, line, what):
        self.mistakes.append(f"{self.path}:{line}: {what}")

    def _read(self, text):
        groups = [(match.start(), match[1]) for match in GROUP.finditer(text)]
        comments = {}
        for match in COMMENT.finditer(text):
            comment = parse_comment(match[1])
            line = text.count("\n", 0, match.start()) + 1
            if not comment:
                self._wrong(line, "a /** comment that does not begin with a name, a dash and a phrase")
            elif comment.name == "DOC":
                self.docs.append(comment)
            else:
                comments[match.end()] = (comment, line)
        blank = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        for match in DECLARATION.finditer(blank):
            if match.start() and blank[match.start() - 1] not in "\n":
                continue
            kind = match["kind"] or ("function" if match["function"] else "typedef" if match["typedef"] else "opaque")
            name = match["fname"] or match["rname"] or match["tname"] or match["oname"]
            line = text.count("\n", 0, match.start()) + 1
            found = comments.pop(match.start(), None)
            if not found or found[0].name != name:
                self._wrong(line, f"{name} is not documented")
                continue
            names, trailing = members(kind, match["body"]) if match["body"] else (parameters(match["params"] or
                                      match["tparams"] or "void"), {})
            code = text[match.start():match.end()].rstrip(";")
            if kind == "function":
                code = code.removeprefix("DLA_API ").replace("\n\t", "\n")
            group = [title for start, title in groups if start < match.start()]
            self.entries.append(Entry(kind, name, code, names, found[0], line, group[-1] if group else "", self.path,
                                      trailing))
        for comment, line in comments.values():
            self._wrong(line, f"the comment of {comment.name} is not in front of it")

    def _check(self, entry):
        comment, said = entry.comment, set(entry.comment.items) | set(entry.trailing)
        for name in sorted(said - set(entry.names)):
            self._wrong(entry.line, f"{entry.name} has no {name}")
        if said or entry.kind in ("struct", "enum"):
            for name in entry.names:
                if name not in said:
                    self._wrong(entry.line, f"{entry.name}: {name} is not described")
        if entry.kind == "function" and not entry.likewise:
            if entry.returns != "void" and not {"Return", "Errors"} & set(comment.sections):
                self._wrong(entry.line, f"{entry.name}: neither Return nor Errors says what it returns")
            if not self.threads(entry):
                self._wrong(entry.line, f"{entry.name}: nothing says which threads may call it")
        texts = [comment.phrase, *comment.items.values(), *entry.trailing.values()]
        for blocks in (comment.blocks, *comment.sections.values()):
            texts += [text for kind, text in blocks if kind == "text"]
        for match in (match for text in texts for match in REFERENCE.finditer(text)):
            if not self._refers(entry, match):
                self._wrong(entry.line, f"{entry.name}: there is no {match[0]}")

    def _refers(self, entry, match):
        if match["call"]:
            return (True, match["call"]) in self.by_name
        if match["parameter"]:
            return match["parameter"] in entry.names or any(match["parameter"] in used.names for used in self.used(entry))
        target = self.by_name.get((False, match["name"]))
        if match["member"]:
            return target and match["member"] in target.names
        return target or any(match["name"] in other.names for other in self.entries if other.kind == "enum")

    def used(self, entry):
        """The structures, enumerations and callbacks that a declaration names, and those that they name."""
        found = []
        for name in re.findall(r"\bdla_\w+", entry.code):
            other = self.by_name.get((False, name))
            if other and other is not entry and other.kind != "opaque" and other not in found:
                found += [other] + [more for more in self.used(other) if more not in found]
        return found

    def threads(self, entry):
        """Which threads may call a function: what it says itself, or else what its object says."""
        own = entry.comment.sections.get("Threads")
        if own:
            return own
        for name in re.findall(r"\bstruct (dla_\w+) \*", entry.code.split("(", 1)[1]):
            other = self.by_name.get((False, name))
            if other and other.kind == "opaque":
                return other.comment.sections.get("Threads")
        return None

    def functions(self):
        return [entry for entry in self.entries if entry.kind == "function"]

    def pages(self):
        """Lists of functions that are described together, each with what no page before has described."""
        pages, seen = [], set()
        for entry in self.functions():
            if entry.likewise and pages:
                pages[-1][0].append(entry)
            else:
                pages.append(([entry], []))
            for other in self.used(entry):
                if other.name not in seen:
                    seen.add(other.name)
                    pages[-1][1].append(other)
        return pages


def read(*paths):
    """Of several, each is based on those before it."""
    parsed = None
    for path in paths:
        with open(path, encoding="utf-8") as file:
            parsed = Header(file.read(), path, parsed)
    return parsed
