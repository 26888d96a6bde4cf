# SPDX-License-Identifier: MIT
"""Text for man: escaping, fonts, and the macros of man(7)."""
import re
import textwrap

MARKUP = re.compile(r"(?P<call>\b\w+)\(\)|&(?:struct |enum )?(?P<name>\w+(?:\.\w+)?)|(?<!\w)@(?P<parameter>\w+)"
                    r"|`{1,2}(?P<code>[^`]+)`{1,2}|(?<![\w-])(?P<option>--?[a-z][\w-]*)|\b(?P<error>E[A-Z][A-Z0-9]{2,})\b")


def escape(text):
    """Words: a hyphen between letters stays one, elsewhere it is a minus."""
    text = text.replace("\\", "\\e")
    return re.sub(r"(?<!\w)-|-(?!\w)", r"\\-", text)


def literal(text):
    """What is typed: every hyphen is a minus, and no line begins with a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    return "\n".join("\\&" + line if line.startswith((".", "\\(aq")) else line for line in text.split("\n"))


def bold(text):
    return f"\\fB{literal(text)}\\fP"


def inline(text):
    """A paragraph's text with its references."""
    out, end = [], 0
    for match in MARKUP.finditer(text):
        out.append(escape(text[end:match.start()]))
        end = match.end()
        if match["call"]:
            out.append(f"\\%{bold(match['call'])}({'3' if match['call'].startswith('dla_') else ''})")
        elif match["parameter"]:
            out.append(f"\\fI{match['parameter']}\\fP")
        else:
            out.append(bold(match["name"] or match["code"] or match["option"] or match["error"]))
    out.append(escape(text[end:]))
    said = "".join(out)
    return "\\&" + said if said.startswith((".", "'")) else said


def code(text):
    """Lines as they are, indented."""
    return f".PP\n.in +4n\n.nf\n{literal(text.expandtabs(8))}\n.fi\n.in"


def blocks(parsed):
    """Of header.paragraphs()."""
    return "\n".join(code(text) if kind == "code" else f".PP\n{inline(text)}" for kind, text in parsed)


def item(tag, said):
    return f".TP\n{tag}\n{inline(said) if said else ''}".rstrip("\n")


def wrapped(text):
    """No line of running text longer than 80: what follows a break is no request."""
    out, filled = [], True
    for line in text.split("\n"):
        filled = line == ".fi" or filled and line != ".nf"
        if not filled or line.startswith(".") or len(line) <= 80:
            out.append(line)
            continue
        lines = textwrap.wrap(line, 80, break_long_words=False, break_on_hyphens=False)
        out += ["\\&" + one if one.startswith((".", "'")) else one for one in lines]
    return "\n".join(out)


def page(name, section, version, date, title, sections):
    """A whole page; sections are pairs of a heading and of roff, empty ones are left out."""
    out = ['.\\" SPDX-License-Identifier: MIT', f'.TH {literal(name)} {section} {date} "{version}" "{title}"']
    for heading, text in sections:
        text = text.strip("\n").removeprefix(".PP\n")
        if text:
            out += [f'.SH "{heading}"', text if heading == "NAME" else wrapped(text)]
    return "\n".join(out) + "\n"
