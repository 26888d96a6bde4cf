# SPDX-License-Identifier: MIT
"""The directive supported-operations: a table of what `dla ops` says, so that it is what the library has.

    ```{supported-operations}
    ```

The tool is the one that the configuration's dla_tool names: make docs builds it.
"""
import json
import subprocess

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging

logger = logging.getLogger(__name__)

COLUMNS = {"operation": 14, "types": 8, "to run at all": 30, "on the NPU": 40, "on the CPU": 8}


def cells(operation):
    return [operation["name"], operation["types"].replace(" ", ", "), operation["limits"] or "", operation["npu"] or "no",
            "XNNPACK" if operation["xnnpack"] else "reference"]


def row(texts):
    return nodes.row("", *[nodes.entry("", nodes.paragraph(text=text)) for text in texts])


def table(operations):
    group = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in COLUMNS.values()], cols=len(COLUMNS))
    group += nodes.thead("", row(COLUMNS))
    group += nodes.tbody("", *[row(cells(operation)) for operation in operations])
    return nodes.table("", group)


class SupportedOperations(Directive):
    """See above."""

    def run(self):
        env = self.state.document.settings.env
        try:
            done = subprocess.run([env.config.dla_tool, "ops", "--json"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            logger.warning("supported-operations: %s: make docs builds it", error, location=(env.docname, self.lineno))
            return []
        env.note_dependency(env.config.dla_tool)
        return [table(json.loads(done.stdout))]


def setup(app):
    app.add_config_value("dla_tool", "", "env")
    app.add_directive("supported-operations", SupportedOperations)
    return {"parallel_read_safe": True}
