# SPDX-License-Identifier: MIT
"""Sphinx reads this: make docs."""
import os
import sys

sys.path.insert(0, os.path.abspath("sphinx"))

project = "NVDLA for Linux"
author = ""
# A copyright line is for those who wrote the files; these have SPDX lines.
html_show_copyright = False

extensions = ["myst_parser", "sphinx.ext.graphviz", "c_api", "kernel_doc", "netlink_spec", "supported"]
root_doc = "index"
exclude_patterns = ["sphinx"]

# Links to headings, page.md#heading.
myst_heading_anchors = 4

# Every name of ours that is referred to has to be documented; what the kernel documents is not here.
nitpicky = True
nitpick_ignore_regex = [("c:.*", r"(?i)(?!.*(?:nvdla|dla_)).*")]

graphviz_output_format = "svg"
html_theme = "alabaster"
html_theme_options = {"page_width": "70em", "description": "Driver, interface and tools"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
