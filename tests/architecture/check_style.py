#!/usr/bin/python3
"""Fails when a file breaks a rule of docs/STYLE.md that a machine can see.

    check_style.py <root of the tree>
"""

import re
import sys

from layers import LAYERS, MAY_ASK_THE_CLOCK, MAY_WAIT, TESTS
from sources import code_of, files, report, root_from, top_folders

COLUMNS_MAX = 100
LINES_MAX = 450  # The aim is 400; the rest is room for the change that is being made.

# What ends the name of a C++ file elsewhere; here it is .h and .cc.
FOREIGN_ENDINGS = (".c", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".inc", ".ipp")
TEXTS = (".h", ".cc", ".py", ".cmake", "CMakeLists.txt", ".sql")

# Put together, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
WAITS = re.compile(r"\bco_(?:await|return|yield)\b")
WALL_CLOCK = re.compile(r"\bsystem_clock\b")


def lies_in(name, folders):
    return name.startswith(tuple(folder + "/" for folder in folders))


def text_complaints(name, lines):
    """What holds for every text of ours, in whatever language."""
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{name}:{number}: {len(line)} columns, {COLUMNS_MAX} at most"
        if line.endswith((" ", "\t", "\r")):
            yield f"{name}:{number}: white space at the end"
        unfinished = UNFINISHED.search(line)
        if unfinished:
            yield f"{name}:{number}: {unfinished.group()}: finish it, or say what is so and why"


def code_complaints(name, text, lines):
    """What holds for C++ only."""
    if len(lines) > LINES_MAX:
        yield f"{name}:{LINES_MAX + 1}: {len(lines)} lines, {LINES_MAX} at most: two stories?"
    if name.endswith(".h"):
        if not text.startswith(("//", "/*")):
            yield f"{name}:1: a header opens with the story of its file"
        if not any(line.rstrip() == "#pragma once" for line in lines):
            yield f"{name}:1: no #pragma once"
    may_wait, may_ask = lies_in(name, MAY_WAIT), lies_in(name, MAY_ASK_THE_CLOCK)
    if may_wait and may_ask:
        return
    for number, line in enumerate(code_of(text).splitlines(), 1):
        waits = WAITS.search(line)
        if waits and not may_wait:
            yield f"{name}:{number}: {name.split('/')[0]}/ may not wait ({waits.group()})"
        if WALL_CLOCK.search(line) and not may_ask:
            yield f"{name}:{number}: {name.split('/')[0]}/ takes time as an argument (system_clock)"


def complaints(root):
    for name, text in files(root, [*top_folders(root), "cmake", "migrations"], TEXTS):
        lines = text.splitlines()
        yield from text_complaints(name, lines)
        if name.endswith((".h", ".cc")):
            yield from code_complaints(name, text, lines)
    for name, text in files(root, ["scripts"], ("",)):
        yield from text_complaints(name, text.splitlines())
    code_folders = {folder.split("/")[0] for folder in LAYERS} | {TESTS}
    for name, _ in files(root, sorted(code_folders), FOREIGN_ENDINGS):
        yield f"{name}:1: C++ files end in .h or .cc"


if __name__ == "__main__":
    sys.exit(report(complaints(root_from(sys.argv))))
