"""Twelve ways to change one member of something that was right, as text of JSON or of a header."""

import json
import os
import pathlib

from cpc.encoding import compact

LIMIT = 64 * 1024
OPERATIONS = ("flip one bit (first, middle, last byte)", "remove", "set to null", "set to empty",
              "swap with the same field of another valid envelope", "duplicate the key",
              "change the type (string<->number<->array<->object)",
              "append a space / NUL / U+200B", "upper-case", "NFD form", "truncate",
              "extend to the limit + 1")
#: Whoever signs again after such a change has still made nothing that may be taken.
NEVER_VALID = {"set to null", "set to empty", "duplicate the key",
               "change the type (string<->number<->array<->object)", "extend to the limit + 1"}
REMOVED = object()


def published(name):
    """A file of the published vectors, or None where they are missing."""
    file = pathlib.Path(os.environ.get("CPC_VECTORS", "../shared/vectors"), name)
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def flipped(value):
    if isinstance(value, int):
        return [value ^ 1, value ^ (1 << value.bit_length() // 2), value ^ (1 << 30)]
    places = {0, len(value) // 2, len(value) - 1}
    return [value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1:] for at in sorted(places)]


def values_of(operation, value, other):
    """What stands in place of `value`; `other` is another right one. Never `value` itself."""
    text = str(value)
    return [changed for changed in {
        "flip one bit (first, middle, last byte)": flipped(value),
        "remove": [REMOVED],
        "set to null": [None],
        "set to empty": [""],
        "swap with the same field of another valid envelope": [other],
        "change the type (string<->number<->array<->object)":
            [[], {}, [value], str(value) if isinstance(value, int) else 7, True],
        "append a space / NUL / U+200B": [text + " ", text + "\0", text + "\u200b"],
        "upper-case": [text.upper()],
        "NFD form": [text[:-1] + "e\u0301"],
        "truncate": [value // 10 if isinstance(value, int) else value[:-1]],
        "extend to the limit + 1":
            [2 ** 53 if isinstance(value, int) else text + "A" * (LIMIT + 1 - len(text))],
    }[operation] if type(changed) is not type(value) or changed != value]


def tampered(operation, whole, name, other):
    """The texts of the JSON object `whole` with its member `name` changed like this."""
    if operation == "duplicate the key":
        member = compact({name: whole[name]})[1:-1]
        return [b"{" + member + b"," + compact(whole)[1:]]
    texts = []
    for value in values_of(operation, whole[name], other):
        rest = {key: whole[key] for key in whole if key != name}
        texts.append(compact(rest if value is REMOVED else {**rest, name: value}))
    return texts
