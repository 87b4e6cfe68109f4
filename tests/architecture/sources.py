"""Finding and reading the files that the checks look at."""

import os
import pathlib
import re
import sys

# Folders at the top of the tree that hold no C++ of ours.
NOT_CODE = {"build", "cmake", "docs", "etc", "migrations", "scripts"}

# A comment, a raw string, a string or a character: what is not code.
NOT_A_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def files(root, folders, endings):
    """Yields (name from the root, text) of each file below `folders` with one of `endings`."""
    for folder in folders:
        for where, inner, names in os.walk(root / folder):
            inner[:] = sorted(name for name in inner if not name.startswith((".", "__")))
            for name in sorted(names):
                if name.endswith(endings):
                    path = pathlib.Path(where, name)
                    text = path.read_text("utf-8", errors="replace")
                    yield path.relative_to(root).as_posix(), text


def top_folders(root):
    """The folders at the top that could hold C++ of ours."""
    return sorted(entry.name for entry in root.iterdir()
                  if entry.is_dir() and entry.name not in NOT_CODE
                  and not entry.name.startswith((".", "build")))


def code_of(text):
    """`text` with comments and strings blanked out, line for line."""
    return NOT_A_TOKEN.sub(lambda found: "\n" * found.group().count("\n") or " ", text)


def report(complaints):
    """Prints the complaints and gives the exit status: 0 for none, 1 for some."""
    found = list(complaints)
    for complaint in found:
        print(complaint)
    return 1 if found else 0


def root_from(arguments):
    if len(arguments) != 2:
        sys.exit(f"usage: {arguments[0]} <root of the tree>")
    return pathlib.Path(arguments[1]).resolve()
