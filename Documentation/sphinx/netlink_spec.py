# SPDX-License-Identifier: MIT
"""The directive netlink-spec: a netlink family, from its description in YAML.

    .. netlink-spec:: Documentation/netlink/specs/nvdla.yaml
"""
import os

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.util.nodes import nested_parse_with_titles

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))


def c_name(*parts):
    return "".join(parts).upper().replace("-", "_")


def oneline(text):
    return " ".join(text.split())


def title(text):
    return [text, "^" * len(text), ""]


def table(head, rows):
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'-' if i else '* -'} {cell}".replace("   -", "     -") for i, cell in enumerate(row)]
    return [*lines, ""]


def literal(text):
    return f"``{text}``"


def definition(enum):
    rows = []
    for value, entry in enumerate(enum["entries"], enum.get("value-start", 0)):
        named = isinstance(entry, dict)
        rows.append([str(value), literal(entry["name"] if named else entry), oneline(entry["doc"]) if named else ""])
    return [*title(f"Values of {enum['name']}"), oneline(enum["doc"]), "", *table(["", "name", "meaning"], rows)]


def attributes(group):
    rows = [[literal(c_name(group["name-prefix"], item["name"])), item["type"] + (f", {item['enum']}" if "enum" in item else ""),
             oneline(item["doc"])] for item in group["attributes"]]
    return [*title(f"Attributes of {group['name']}"), *table(["attribute", "type", "meaning"], rows)]


def names(side):
    return ", ".join(literal(name) for name in side.get("attributes", [])) or "none"


def operation(family, item):
    lines = [*title(c_name(family["operations"]["name-prefix"], item["name"])), oneline(item["doc"]),
             f"Attributes of {item['attribute-set']}.", ""]
    for kind in ("do", "dump"):
        if kind in item:
            lines += [f"``{kind}``", f"   Request: {names(item[kind].get('request', {}))}.", "",
                      f"   Reply: {names(item[kind]['reply'])}.", ""]
    if "event" in item:
        lines += [f"Sent to the multicast group ``{item['mcgrp']}``.", "", f"Attributes: {names(item['event'])}.", ""]
    return lines


def description(family):
    lines = [oneline(family["doc"]), ""]
    for item in family["operations"]["list"]:
        lines += operation(family, item)
    for group in family["attribute-sets"]:
        lines += attributes(group)
    for enum in family["definitions"]:
        lines += definition(enum)
    return lines


class NetlinkSpec(Directive):
    """See above."""

    required_arguments = 1

    def run(self):
        path = self.arguments[0]
        self.state.document.settings.env.note_dependency(os.path.join(TOP, path))
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            family = yaml.safe_load(file)
        node = nodes.section(document=self.state.document)
        nested_parse_with_titles(self.state, StringList(description(family), path), node)
        return node.children


def setup(app):
    app.add_directive("netlink-spec", NetlinkSpec)
    return {"parallel_read_safe": True}
