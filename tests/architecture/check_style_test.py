#!/usr/bin/python3
"""Sees check_style.py fail: each rule broken once, in a small tree made for it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("check_style.py")
HEADER = "// Story.\n#pragma once\n"

CORRECT = {
    "core/rule.h": HEADER + "x" * 100 + "\n",
    "core/rule.cc":
        "// co_await and system_clock stand in comments,\n/* co_await\nco_await */\n"
        'auto text = "co_return";\nauto raw = R"sql(system_clock)sql";\nchar quote = \'"\';\n'
        "int separated = 1'000'000;\n",
    "core/long.cc": "int x;\n" * 450,
    "routing/loop.cc": "co_await timer;\nco_return;\n",
    "federation/hello.cc": "co_await timer;\n",
    "daemon/clock.cc": "co_await timer;\nstd::chrono::system_clock::now();\n",
    "cli/main.cc": "std::chrono::system_clock::now();\n",
    "tests/sim/world.cc": "co_await timer;\nstd::chrono::system_clock::now();\n",
    "core/umlaut.cc": "// " + "ä" * 97 + "\n",
    "migrations/0001_create_account.sql": "-- Why.\n",
    "scripts/test": "#!/bin/bash\n",
    "tests/CMakeLists.txt": "add_subdirectory(unit)\n",
    "docs/notes.md": "y" * 200 + "\n",
}


def run(files):
    """Writes the tree, runs the check on it, and gives (exit status, complaints)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        ended = subprocess.run([sys.executable, "-B", CHECK, folder], capture_output=True,
                               text=True, check=False)
        return ended.returncode, (ended.stdout + ended.stderr).splitlines()


class TheStyleCheck(unittest.TestCase):
    def check(self, name, text, *complaints):
        self.assertEqual(run({**CORRECT, name: text}), (1, [f"{name}:{c}" for c in complaints]))

    def test_passes_a_correct_tree_without_a_word(self):
        self.assertEqual(run(CORRECT), (0, []))

    def test_refuses_a_line_of_more_than_100_columns(self):
        for name in ["core/bad.cc", "tests/functional/bad.py", "migrations/bad.sql", "scripts/bad",
                     "cli/CMakeLists.txt", "cmake/bad.cmake"]:
            with self.subTest(name=name):
                self.check(name, "\n" + "x" * 101 + "\n", "2: 101 columns, 100 at most")

    def test_refuses_white_space_at_the_end_of_a_line(self):
        self.check("core/bad.cc", "int x; \n", "1: white space at the end")

    def test_refuses_what_is_left_for_later(self):
        for word in ["TO" + "DO", "FIX" + "ME", "X" + "XX"]:
            with self.subTest(word=word):
                self.check("core/bad.cc", f"int x;  // {word}: later\n",
                           f"1: {word}: finish it, or say what is so and why")

    def test_refuses_a_header_without_its_story(self):
        self.check("core/bad.h", "#pragma once\n// Too late.\n",
                   "1: a header opens with the story of its file")

    def test_refuses_a_header_without_pragma_once(self):
        self.check("core/bad.h", "// Story. #pragma once\n", "1: no #pragma once")

    def test_refuses_a_file_of_more_than_450_lines(self):
        self.check("core/bad.cc", "int x;\n" * 451, "451: 451 lines, 450 at most: two stories?")

    def test_refuses_a_wait_where_decisions_are_made(self):
        for layer in ["core", "core/base", "crypto", "store", "cli"]:
            with self.subTest(layer=layer):
                self.check(f"{layer}/bad.cc", "\n  auto x = co_await f();\n  co_return x;\n",
                           f"2: {layer.split('/')[0]}/ may not wait (co_await)",
                           f"3: {layer.split('/')[0]}/ may not wait (co_return)")

    def test_refuses_the_wall_clock_below_the_daemon(self):
        for layer in ["core", "crypto", "store", "routing", "federation"]:
            with self.subTest(layer=layer):
                self.check(f"{layer}/bad.cc", "auto now = std::chrono::system_clock::now();\n",
                           f"1: {layer}/ takes time as an argument (system_clock)")

    def test_counts_lines_across_comments(self):
        self.check("core/bad.cc", "/* one\ntwo */\n// three\nco_await x;\n",
                   "4: core/ may not wait (co_await)")

    def test_refuses_a_foreign_ending(self):
        self.check("core/bad.cpp", "int x;\n", "1: C++ files end in .h or .cc")


if __name__ == "__main__":
    unittest.main()
