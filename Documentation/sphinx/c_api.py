# SPDX-License-Identifier: MIT
"""The directive c-api: what headers say of themselves, and the programs that show it, as in the manual pages.

    .. c-api:: userspace/libdla/include/dla.h userspace/libdla/include/dla_head.h examples/api

What is missing in the headers, or not shown by a program, is a warning here.
"""
import os
import re
import sys

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.nodes import nested_parse_with_titles

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
sys.path.insert(0, os.path.join(TOP, "scripts"))

from manual import examples, header  # noqa: E402  pylint: disable=wrong-import-position

logger = logging.getLogger(__name__)

DOMAIN = {"function": "function", "struct": "struct", "opaque": "struct", "enum": "enum"}
KIND = {"function": "func", "struct": "struct", "opaque": "struct", "enum": "enum", "typedef": "type"}
MARKUP = re.compile(rf"{header.REFERENCE.pattern}|`{{1,2}}(?P<code>[^`]+)`{{1,2}}")


def escaped(text):
    return re.sub(r"([*`|_\\])", r"\\\1", text)


class Text:
    """Comments as reStructuredText."""

    def __init__(self, parsed):
        self.parsed = parsed

    def inline(self, text):
        out, end = [], 0
        for match in MARKUP.finditer(text):
            out.append(escaped(text[end:match.start()]))
            end = match.end()
            out.append(f"``{match['code']}``" if match["code"] else self._reference(match))
        return "".join(out) + escaped(text[end:])

    def _reference(self, match):
        if match["call"]:
            return f":c:func:`{match['call']}`"
        if match["parameter"]:
            return f"*{match['parameter']}*"
        if match["member"]:
            return f":c:member:`{match['name']}.{match['member']}`"
        entry = self.parsed.by_name.get((False, match["name"]))
        return f":c:{KIND[entry.kind]}:`{match['name']}`" if entry else f":c:enumerator:`{match['name']}`"

    def blocks(self, parsed, indent):
        out = []
        for kind, text in parsed:
            if kind == "code":
                out += [f"{indent}.. code-block:: c", ""] + [f"{indent}   {line}".rstrip() for line in text.split("\n")] + [""]
            else:
                out += [f"{indent}{self.inline(text)}", ""]
        return out

    def entry(self, entry, threads):
        """A declaration and what is said of it."""
        kind = DOMAIN.get(entry.kind)
        code = re.sub(r"\s+", " ", entry.code)
        if kind == "function":
            out = [f".. c:function:: {code}", ""]
            # To Sphinx a structure and a function of one name are the same thing: it gets to know the structure.
            if (False, entry.name) in self.parsed.by_name:
                out = [".. code-block:: c", "", f"   {code};", "", "..", ""]
        elif kind:
            out = [f".. c:{kind}:: {entry.name}", ""]
        else:
            out = [f".. c:type:: {code.removeprefix('typedef ')}", ""]
        out += [f"   {self.inline(entry.comment.phrase[:1].upper() + entry.comment.phrase[1:])}.", ""]
        if kind in ("struct", "enum"):
            out += self._members(entry)
        else:
            out += [f"   :param {name}: {self.inline(entry.comment.items[name])}" for name in entry.names
                    if name in entry.comment.items] + [""]
        out += self.blocks(entry.comment.blocks, "   ")
        for title in ("Return", "Errors"):
            said = entry.comment.sections.get(title)
            if said:
                out += self.blocks([("text", f"{title}: {said[0][1]}")] + said[1:], "   ")
        if threads:
            out += self.blocks([("text", f"Threads: {threads[0][1]}")] + threads[1:], "   ")
        return out

    def _members(self, entry):
        out = []
        for name in entry.names:
            if entry.kind == "enum":
                out.append(f"   .. c:enumerator:: {name}")
            else:
                kind = re.search(rf"^\t(.*?)\b{name}(\[\w+\])?;", entry.code, re.MULTILINE)
                out.append(f"   .. c:member:: {kind[1]}{name}{kind[2] or ''}")
            out += ["", f"      {self.inline(entry.text_of(name))}", ""]
        return out


def section(title, mark):
    return [title, mark * len(title), ""]


def page(parsed, programs):
    """All of it, with the programs at the end."""
    text = Text(parsed)
    by_function, _ = examples.of_functions(programs, [entry.name for entry in parsed.functions()], "examples/api")
    out = text.blocks(parsed.docs[0].blocks, "")
    for doc in parsed.docs[1:]:
        out += section(doc.phrase[:1].upper() + doc.phrase[1:], "-") + text.blocks(doc.blocks, "")
    out += section("Objects", "-")
    for entry in parsed.entries:
        if entry.kind == "opaque":
            out += text.entry(entry, entry.comment.sections.get("Threads"))
    group = None
    for entry in parsed.entries:
        if entry.kind == "opaque":
            continue
        if entry.group != group or group is None:
            group = entry.group
            out += section((group or "errors").capitalize(), "-")
        function = entry.kind == "function"
        out += text.entry(entry, parsed.threads(entry) if function else None)
        if function and entry.name in by_function:
            out += [f"   Example: :ref:`api-{by_function[entry.name].name}`", ""]
    out += section("Examples", "-")
    for program in programs:
        out += [f".. _api-{program.name}:", ""] + section(program.name, "^") + [text.inline(program.said), "", ".. code-block:: c", ""]
        out += [f"   {line.expandtabs(8)}".rstrip() for line in program.code.strip().split("\n")] + [""]
        out += [f"It is run as ``{program.run}``.", ""]
    return out


class CApi(Directive):
    """See above."""

    required_arguments = 2
    optional_arguments = 8

    def run(self):
        *paths, folder = self.arguments
        env = self.state.document.settings.env
        for path in paths:
            env.note_dependency(os.path.join(TOP, path))
        parsed = header.read(*(os.path.join(TOP, path) for path in paths))
        programs, mistakes = examples.read(os.path.join(TOP, folder))
        mistakes += examples.of_functions(programs, [entry.name for entry in parsed.functions()], folder)[1]
        for mistake in parsed.mistakes + mistakes:
            logger.warning("%s", mistake, location=(env.docname, self.lineno))
        node = nodes.section(document=self.state.document)
        nested_parse_with_titles(self.state, StringList(page(parsed, programs), paths[0]), node)
        return node.children


def setup(app):
    app.add_directive("c-api", CApi)
    return {"parallel_read_safe": True}
