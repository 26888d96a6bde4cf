# SPDX-License-Identifier: MIT
"""What the measure.py of several examples do with what they have measured: a file for programs, and a table for readers."""
import json


def add_options(parser):
    parser.add_argument("--json", help="file to write the result to")
    parser.add_argument("--markdown", help="file for the tables; otherwise they are printed")


def write(arguments, result, tables):
    """Where the options say."""
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    if arguments.markdown:
        with open(arguments.markdown, "w", encoding="utf-8") as file:
            file.write(tables)
    else:
        print(tables, end="")
