#!/usr/bin/python3
"""Sees check_layers.py fail: each kind of wrong include, in a small tree made for it.

A check that has never complained proves nothing about the tree that it is content with.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("check_layers.py")

# One file per layer, each using what it may: the tree that passes.
CORRECT = {
    "core/base/result.h":
        "#include <boost/outcome/try.hpp>\n#include <string>\n\nnamespace cpc {\n}\n",
    "core/store.h":
        '#include "core/base/result.h"\n#include "crypto/digest.h"\nnamespace cpc::core {}\n',
    "core/consent/grant.h": '#include "core/store.h"\nnamespace cpc::core {}\n',
    "crypto/digest.h": '#include "core/base/result.h"\nnamespace cpc::crypto {}\n',
    "crypto/digest.cc": "#include <openssl/evp.h>\n#include <sodium.h>\n#include <sys/stat.h>\n",
    "store/sqlite_store.cc":
        "#include <libpq-fe.h>\n#include <sqlite3.h>\n"
        '#include "core/store.h"\nnamespace cpc::store {}\n',
    "routing/ports.h":
        "#include <ares.h>\n#include <boost/asio/awaitable.hpp>\n#include <coroutine>\n"
        '#include "crypto/digest.h"\nnamespace cpc::routing {}\n',
    "federation/peer_client.cc":
        "#include <boost/asio/ssl/context.hpp>\n#include <boost/beast/http.hpp>\n"
        '#include <nlohmann/json.hpp>\n#include <openssl/x509.h>\n#include "routing/ports.h"\n',
    "daemon/graphql/parser.h":
        '#include <nlohmann/json.hpp>\n#include "core/base/result.h"\nnamespace cpc::graphql {}\n',
    "daemon/admin_protocol/verbs.h":
        '#include <nlohmann/json.hpp>\n#include "core/base/result.h"\n',
    "daemon/main.cc":
        "#include <CLI/CLI.hpp>\n#include <toml++/toml.h>\n"
        '#include "daemon/admin_protocol/verbs.h"\n#include "daemon/graphql/parser.h"\n'
        '#include "routing/ports.h"\n',
    "cli/main.cc":
        "#include <CLI/CLI.hpp>\n#include <boost/asio/local/stream_protocol.hpp>\n"
        '#include "crypto/digest.h"\n#include "daemon/admin_protocol/verbs.h"\n',
    "cli/main_parts.h": "// #include <never/looked/at.h>\n",
    "tests/support/memory_store.h": '#include "core/store.h"\n',
    "tests/unit/core/store_test.cc":
        "#include <catch2/catch.hpp>\n"
        '#include "cli/main_parts.h"\n#include "tests/support/memory_store.h"\n',
    "docs/example.cc": "#include <anything.h>\n",
    "build/dev/generated.cc": "#include <anything.h>\n",
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


class ACorrectTree(unittest.TestCase):
    def test_passes_without_a_word(self):
        self.assertEqual(run(CORRECT), (0, []))


class AWrongInclude(unittest.TestCase):
    """Each test adds one wrong file to the correct tree and expects exactly one complaint."""

    def check(self, name, text, complaint):
        self.assertEqual(run({**CORRECT, name: text}), (1, [f"{name}:{complaint}"]))

    def check_line(self, name, include, complaint):
        self.check(name, f"// Story.\n#include {include}\n", f"2: {complaint}")

    def test_of_a_folder_above_is_refused(self):
        for name, target in [
                ("core/base/bad.h", "crypto/digest.h"),
                ("crypto/bad.h", "core/store.h"),
                ("core/bad.h", "routing/ports.h"),
                ("store/bad.h", "routing/ports.h"),
                ("routing/bad.h", "daemon/graphql/parser.h"),
                ("daemon/graphql/bad.h", "core/store.h"),
                ("daemon/graphql/bad.h", "daemon/admin_protocol/verbs.h"),
                ("daemon/admin_protocol/bad.h", "crypto/digest.h"),
                ("cli/bad.h", "routing/ports.h"),
                ("cli/bad.h", "daemon/graphql/parser.h")]:
            with self.subTest(name=name, target=target):
                layer, other = name.rpartition("/")[0], target.rpartition("/")[0]
                self.check_line(name, f'"{target}"',
                                f"{layer}/ may not include {other}/ ({target})")

    def test_from_a_sub_folder_counts_for_its_layer(self):
        self.check_line("core/consent/bad.h", '"routing/ports.h"',
                        "core/ may not include routing/ (routing/ports.h)")

    def test_of_cli_is_refused_even_to_the_daemon(self):
        self.check_line("daemon/bad.h", '"cli/main_parts.h"',
                        "daemon/ may not include cli/ (cli/main_parts.h)")

    def test_of_anothers_library_is_refused(self):
        for layer, header in [
                ("core/base", "sodium.h"), ("core/base", "thread"),
                ("crypto", "openssl/ssl.h"), ("crypto", "boost/asio/buffer.hpp"),
                ("core", "sodium.h"), ("core", "openssl/evp.h"), ("core", "nlohmann/json.hpp"),
                ("core", "boost/outcome/try.hpp"), ("core", "boost/asio/awaitable.hpp"),
                ("core", "thread"), ("core", "fstream"), ("core", "random"), ("core", "unistd.h"),
                ("store", "boost/asio/post.hpp"), ("store", "nlohmann/json.hpp"),
                ("routing", "boost/beast/http.hpp"), ("routing", "boost/asio/ssl.hpp"),
                ("routing", "sqlite3.h"), ("routing", "sodium.h"),
                ("federation", "libpq-fe.h"), ("federation", "ares.h"), ("federation", "sodium.h"),
                ("daemon", "sqlite3.h"), ("daemon", "sodium.h"), ("daemon", "ares.h"),
                ("daemon/graphql", "boost/beast/http.hpp"),
                ("daemon/admin_protocol", "boost/asio/awaitable.hpp"),
                ("cli", "openssl/evp.h"), ("cli", "openssl/ssl.h"), ("cli", "boost/asio/ssl.hpp"),
                ("cli", "boost/beast/ssl.hpp"), ("cli", "toml++/toml.h"),
                ("cli", "catch2/catch.hpp")]:
            with self.subTest(layer=layer, header=header):
                self.check_line(f"{layer}/bad.cc", f"<{header}>",
                                f"{layer}/ may not use <{header}>")

    def test_of_a_library_nobody_has_vouched_for_is_refused(self):
        for name, header in [("daemon/bad.cc", "boost/json.hpp"), ("core/bad.cc", "fmt/core.h"),
                             ("tests/unit/core/bad_test.cc", "gtest/gtest.h"),
                             ("core/bad.cc", "bits/stdc++.h")]:
            with self.subTest(name=name, header=header):
                self.check_line(name, f"<{header}>", f"unknown library <{header}>: "
                                "tests/architecture/layers.py lists those we use")

    def test_of_the_tests_is_refused_outside_them(self):
        self.check_line("daemon/bad.cc", '"tests/support/memory_store.h"',
                        "only tests include tests (tests/support/memory_store.h)")

    def test_of_our_own_header_in_brackets_is_refused(self):
        self.check_line("core/bad.cc", "<core/store.h>",
                        "our own headers are included in quotes (<core/store.h>)")

    def test_relative_to_the_file_is_refused(self):
        for target in ["../crypto/digest.h", "./store.h", "consent/../store.h"]:
            with self.subTest(target=target):
                self.check_line("core/bad.cc", f'"{target}"',
                                f'paths start at the root, not at the file ("{target}")')

    def test_of_a_neighbour_without_its_folder_is_refused(self):
        self.check_line("core/bad.cc", '"store.h"', "no such file (store.h)")

    def test_of_a_file_that_does_not_exist_is_refused(self):
        self.check_line("core/bad.cc", '"core/gone.h"', "no such file (core/gone.h)")
        self.check_line("tests/unit/bad.cc", '"core/gone.h"', "no such file (core/gone.h)")

    def test_of_a_source_file_is_refused(self):
        self.check_line("tests/unit/bad.cc", '"crypto/digest.cc"',
                        "only headers are included (crypto/digest.cc)")

    def test_that_hides_behind_a_macro_is_refused(self):
        self.check_line("core/bad.cc", "CPC_HEADER", "an include names its file (CPC_HEADER)")

    def test_is_found_however_it_is_spaced(self):
        self.check("core/bad.cc", '\n\n  #  include   "routing/ports.h"  // why not\n',
                   "3: core/ may not include routing/ (routing/ports.h)")

    def test_outside_the_table_is_refused_with_its_folder(self):
        self.check("util/bad.h", "", "1: in no folder of the table in tests/architecture/layers.py")

    def test_every_complaint_is_told(self):
        bad = "#include <thread>\n#include <ares.h>\n"
        status, complaints = run({**CORRECT, "core/bad.cc": bad})
        self.assertEqual(status, 1)
        self.assertEqual(complaints, ["core/bad.cc:1: core/ may not use <thread>",
                                      "core/bad.cc:2: core/ may not use <ares.h>"])


class AWrongNamespace(unittest.TestCase):
    def check(self, name, text, complaint):
        self.assertEqual(run({**CORRECT, name: text}), (1, [f"{name}:1: {complaint}"]))

    def test_of_another_folder_is_refused(self):
        self.check("core/bad.h", "namespace cpc::crypto {}\n",
                   "core/ is namespace cpc::core, not cpc::crypto")
        self.check("core/base/bad.h", "namespace cpc::core {}\n",
                   "core/base/ is namespace cpc, not cpc::core")
        self.check("store/bad.h", "namespace cpc {}\n", "store/ is namespace cpc::store, not cpc")

    def test_may_be_opened_beside_the_own_one(self):
        text = "namespace cpc::federation {\nclass Codec;\n}\nnamespace cpc::core {}\n"
        self.assertEqual(run({**CORRECT, "core/good.h": text}), (0, []))

    def test_in_a_comment_or_a_string_is_no_namespace(self):
        text = '// x\n/*\nnamespace cpc::store {\n*/\nauto t = R"(\nnamespace cpc::store {)";\n'
        self.assertEqual(run({**CORRECT, "core/good.h": text}), (0, []))


if __name__ == "__main__":
    unittest.main()
