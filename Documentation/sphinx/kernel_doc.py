# SPDX-License-Identifier: MIT
"""The directive kernel-doc: what the comments of a C file say, as the kernel's own program reads them.

    .. kernel-doc:: uapi/drm/nvdla_accel.h
       :complete:

The path is one of the source tree. What kernel-doc complains of, an undocumented field for instance, is
a warning here; with :complete: so is a structure, enumeration or macro without a comment. The kernel's
directive of this name has more options, but wants to be in the kernel's tree.
"""
import functools
import os
import re
import subprocess

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.nodes import nested_parse_with_titles

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))

logger = logging.getLogger(__name__)

# The program takes these for no documentation, and says nothing.
ONE_LINE = re.compile(r"^/\*\* .*\*/$", re.MULTILINE)
# Not an include guard, and not a request, whose structure and number are documented.
PUBLIC = re.compile(r"^(?:(struct|enum) (\w+) \{|#(define) (?!DRM_IOCTL_)(\w*[A-Za-z0-9]) +\S)", re.MULTILINE)
DOCUMENTED = re.compile(r"^\.\. c:(?:struct|enum|macro):: (\w+)$", re.MULTILINE)
SECTION = re.compile(r"^\.\. _(.+):\n\n\*\*\1\*\*\n", re.MULTILINE)
CONSTANTS = re.compile(r"^ +\*\*Constants\*\*\n(?:\n| +.*\n)*", re.MULTILINE)
CONSTANT = re.compile(r"^( +)``(\w+)``\n", re.MULTILINE)


@functools.lru_cache(maxsize=None)
def program():
    done = subprocess.run([os.path.join(TOP, "scripts/kernel-doc")], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ExtensionError("there is no kernel-doc")
    return done.stdout.strip()


def run(path):
    """The text in reStructuredText, and the program's complaints."""
    done = subprocess.run(["perl", program(), "-rst", "-Wall", "-Werror", "-sphinx-version", "5.3.0", path], cwd=TOP,
                          capture_output=True, text=True, check=False)
    complaints = done.stderr.splitlines()
    if done.returncode and not complaints:
        complaints = [f"kernel-doc {path}: status {done.returncode}"]
    return done.stdout, complaints


def missing(source, text):
    """What the file has and its documentation has not."""
    documented = set(DOCUMENTED.findall(text))
    for match in PUBLIC.finditer(source):
        kind, name = match[1] or match[3], match[2] or match[4]
        if name not in documented:
            line = source.count("\n", 0, match.start()) + 1
            yield f"{kind} {name} in line {line} is not documented"


def polished(text):
    """DOC: comments become sections, and enumerators can be referred to."""
    text = SECTION.sub(lambda match: f"{match[1]}\n{'^' * len(match[1])}\n\n", text)
    return CONSTANTS.sub(lambda constants: CONSTANT.sub(r"\1.. c:enumerator:: \2\n\n", constants[0]), text)


class KernelDoc(Directive):
    """See above."""

    required_arguments = 1
    option_spec = {"complete": directives.flag}

    def run(self):
        path = self.arguments[0]
        env = self.state.document.settings.env
        env.note_dependency(os.path.join(TOP, path))
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            source = file.read()
        text, complaints = run(path)
        complaints += [f"{path}: {match[0]}: kernel-doc wants /** alone in its line"
                       for match in ONE_LINE.finditer(source)]
        if "complete" in self.options:
            complaints += [f"{path}: {what}" for what in missing(source, text)]
        for complaint in complaints:
            logger.warning("%s", complaint, location=(env.docname, self.lineno))
        if not text.strip():
            raise ExtensionError(f"{path} says nothing to kernel-doc")
        node = nodes.section(document=self.state.document)
        nested_parse_with_titles(self.state, StringList(polished(text).splitlines(), path), node)
        return node.children


def setup(app):
    app.add_directive("kernel-doc", KernelDoc)
    return {"parallel_read_safe": True}
