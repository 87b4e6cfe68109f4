#!/usr/bin/python3
"""docs/protocol-examples.md is what the program writes. Usage: page_test.py PROGRAM [--write]"""

import difflib
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "protocol-examples.md"


def main():
    written = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout
    if "--write" in sys.argv:
        PAGE.write_text(written)
        return
    kept = PAGE.read_text()
    if kept == written:
        return
    sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), written.splitlines(True),
                                               str(PAGE), "as the program writes it"))
    sys.exit(f"the wire has changed: if it was meant to, tell docs/protocol.md, then "
             f"tests/protocol/page_test.py {sys.argv[1]} --write")


if __name__ == "__main__":
    main()
