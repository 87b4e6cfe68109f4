#!/usr/bin/python3
"""Fails when a file includes a folder, or a library, that its own folder may not know.

    check_layers.py <root of the tree>

Reads every #include of every .h and .cc against the table in layers.py, and every namespace against
the folder it stands in.
"""

import re
import sys

from layers import LAYERS, LIBRARIES, TESTS, folder_of, library_of
from sources import code_of, files, report, root_from, top_folders

DIRECTIVE = re.compile(r"^\s*#\s*include\b\s*(.*)")
TARGET = re.compile(r'([<"])([^>"]+)[>"]')
NAMESPACE = re.compile(r"^\s*(?:inline\s+)?namespace\s+(cpc\b[\w:]*)", re.MULTILINE)


def library_complaint(layer, libraries, target):
    library = library_of(target)
    if library is None:
        return f"unknown library <{target}>: tests/architecture/layers.py lists those we use"
    if library == "standard" or library in libraries:
        return None
    return f"{layer}/ may not use <{target}>"


def project_complaint(root, layer, folders, target):
    parts = target.split("/")
    if "." in parts or ".." in parts:
        return f'paths start at the root, not at the file ("{target}")'
    if not target.endswith(".h"):
        return f"only headers are included ({target})"
    if not (root / target).is_file():
        return f"no such file ({target})"
    if target.startswith(TESTS + "/"):
        return None if layer == TESTS else f"only tests include tests ({target})"
    other = folder_of(target, LAYERS)
    if other is None:
        return f"{layer}/ may not include {parts[0]}/ ({target})"
    if other != layer and other not in folders:
        return f"{layer}/ may not include {other}/ ({target})"
    return None


def include_complaint(root, layer, folders, libraries, directive):
    """What is wrong with one #include, given what follows the word; None if nothing is."""
    found = TARGET.match(directive)
    if not found:
        return f"an include names its file ({directive.strip()})"
    bracket, target = found.groups()
    if bracket == '"':
        return project_complaint(root, layer, folders, target)
    if folder_of(target, [*LAYERS, TESTS]) or (root / target).is_file():
        return f"our own headers are included in quotes (<{target}>)"
    return library_complaint(layer, libraries, target)


def layer_of_namespace(name):
    fits = [(len(ours), layer) for layer, (ours, _, _) in LAYERS.items()
            if name == ours or name.startswith(ours + "::")]
    return max(fits)[1] if fits else None


def namespace_complaint(layer, text):
    """Folder = namespace. Others may be opened too, to name a friend before it exists.

    A file that opens none, such as a main.cc, says nothing wrong.
    """
    opened = NAMESPACE.findall(code_of(text))
    if opened and layer not in map(layer_of_namespace, opened):
        return f"{layer}/ is namespace {LAYERS[layer][0]}, not {opened[0]}"
    return None


def complaints(root):
    for name, text in files(root, top_folders(root), (".h", ".cc")):
        if name.startswith(TESTS + "/"):
            layer, folders, libraries = TESTS, list(LAYERS), [*LIBRARIES, "machine"]
        else:
            layer = folder_of(name, LAYERS)
            if layer is None:
                yield f"{name}:1: in no folder of the table in tests/architecture/layers.py"
                continue
            _, folders, libraries = LAYERS[layer]
            wrong = namespace_complaint(layer, text)
            if wrong:
                yield f"{name}:1: {wrong}"
        for number, line in enumerate(text.splitlines(), 1):
            directive = DIRECTIVE.match(line)
            if directive:
                wrong = include_complaint(root, layer, folders, libraries, directive.group(1))
                if wrong:
                    yield f"{name}:{number}: {wrong}"


if __name__ == "__main__":
    sys.exit(report(complaints(root_from(sys.argv))))
