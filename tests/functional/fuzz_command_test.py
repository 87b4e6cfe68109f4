#!/usr/bin/python3
"""scripts/fuzz refuses what it cannot do with a word, before it needs a build."""

import pathlib
import subprocess
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]


class FuzzCommand(unittest.TestCase):
    def assert_refused(self, *arguments, word):
        ended = subprocess.run([TREE / "scripts" / "fuzz", *arguments], capture_output=True,
                               text=True, timeout=30)
        self.assertEqual(ended.returncode, 2, ended.stdout + ended.stderr)
        self.assertIn(word, ended.stderr)

    def test_zero_seconds_are_refused_because_the_fuzzer_would_take_them_for_ever(self):
        for zero in ("0", "00"):
            self.assert_refused("json", zero, word="0 seconds")

    def test_what_is_no_target_or_no_time_is_refused_with_how_to_call_it(self):
        for arguments in (("no-such",), ("json", "-1"), ("json", "1m"), ("json", "1", "2")):
            self.assert_refused(*arguments, word="usage: scripts/fuzz")


if __name__ == "__main__":
    unittest.main(verbosity=2)
