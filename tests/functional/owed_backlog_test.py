#!/usr/bin/python3
"""A peer that is dead for long: what we owe it lies in the store and nowhere else, a restart does
not wait for it, and all of it arrives when the peer is back.

CPC_OWED says how many messages; scripts/test --all wants 100000 of a release build."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import sys
import time

# What the sanitizer keeps of freed memory is not the daemon's.
os.environ["ASAN_OPTIONS"] = f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=8"

from cpc.case import Case, main  # noqa: E402
from cpc.instance import PATIENCE_S  # noqa: E402

OWED = int(os.environ.get("CPC_OWED", "5000"))
PAIRS = 8
MIB = 1024 * 1024
# So much text in all, and so much more memory at most between a fifth of it and the whole. What
# kept the texts would need 32 MiB more. Of many messages not even a hundred octets each may stay;
# of few that cannot be told from what the sanitizers take (2 to 3 MiB were seen).
TEXT_BYTES_ALL = 40 * MIB
GROWTH_BYTES_MAX = (4 if OWED >= 100_000 else 12) * MIB
TEXT_BYTES = min(30_000, max(200, TEXT_BYTES_ALL // OWED))
BATCH = 25  # Messages in one request; sendMessage is answered for each.
DOCUMENT = "mutation ({}) {{ {} }}".format(
    ", ".join(f"$i{n}: SendMessageInput!" for n in range(BATCH)),
    " ".join(f"m{n}: sendMessage(input: $i{n}) {{ id }}" for n in range(BATCH)))


def text_of(number):
    return f"message {number} ".ljust(TEXT_BYTES, "abcdefghij"[number % 10])


class Writer:
    """Somebody with much to say to one person."""

    def __init__(self, client, mine, reader, theirs):
        self.client, self.mine, self.reader, self.theirs = client, mine, reader, theirs
        self.written = 0

    def write(self, count):
        """So many more, in order; each was acknowledged."""
        connection = http.client.HTTPConnection(*self.client.endpoint, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            for _ in range(count // BATCH):
                variables = {f"i{n}": {"conversationId": self.mine["id"],
                                       "text": text_of(self.written + n)} for n in range(BATCH)}
                connection.request(
                    "POST", "/graphql",
                    json.dumps({"query": DOCUMENT, "variables": variables}).encode(),
                    {"Content-Type": "application/json",
                     "Authorization": f"Bearer {self.client.token}"})
                answer = json.loads(connection.getresponse().read())
                if "errors" in answer or len(answer["data"]) != BATCH:
                    raise AssertionError(f"not accepted: {str(answer)[:500]}")
                self.written += BATCH


class OwedBacklog(Case):
    NAMES = ("alpha.cpc", "beta.cpc")
    # A text of the longest kind times BATCH.
    SETTINGS = {"client.request_bytes_max": 4 * MIB}

    def writers(self):
        """Pairs of people, with a hub here for some and there for others."""
        writers, hubs = [], set()
        while len(writers) < PAIRS or len(hubs) < 2:
            one, other = self.person("alice"), self.person("bob", self.beta)
            writers.append(Writer(one, *self.acquainted(one, other)))
            hubs.add(one.conversation(writers[-1].mine)["hub"])
        return writers

    def acquainted(self, one, other):
        mine, theirs = self.acquaint(one, other)
        one.stream.close()  # Nobody listens to the many events to come.
        return mine, other, theirs

    def write(self, writers, count):
        """Together, `count` in all or a little more."""
        each = -(-count // (BATCH * len(writers))) * BATCH
        with concurrent.futures.ThreadPoolExecutor(len(writers)) as pool:
            list(pool.map(lambda writer: writer.write(each), writers))

    def memory(self):
        """Octets of alpha's that are not on disk (RSS without mapped files)."""
        with open(f"/proc/{self.alpha.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024

    def cpu_s(self, instance):
        with open(f"/proc/{instance.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_drained(self):
        """Until nothing is owed; for as long as it becomes less."""
        least, since = None, time.monotonic()
        while True:
            owed = self.alpha.status()["owed"]
            if owed == 0:
                return
            if least is None or owed < least:
                least, since = owed, time.monotonic()
            self.assertLess(time.monotonic() - since, PATIENCE_S, f"{owed} are owed, and stay so")
            time.sleep(0.1)

    def report(self, what, began):
        print(f"  {what}: {time.monotonic() - began:.1f} s, alpha's memory "
              f"{self.memory() / MIB:.1f} MiB, CPU {self.cpu_s(self.alpha):.1f} s",
              file=sys.stderr, flush=True)
        return time.monotonic()

    def test_what_a_dead_peer_is_owed_costs_no_memory_and_all_arrives_once_in_order(self):
        writers = self.writers()
        self.beta.kill()
        began = self.report("\n  begin", time.monotonic())
        self.write(writers, OWED // 5)
        before = self.memory()
        began = self.report(f"a fifth of {OWED} written", began)
        self.write(writers, OWED - OWED // 5)
        grown = self.memory() - before
        began = self.report("the rest written", began)
        written = sum(writer.written for writer in writers)
        self.assertGreaterEqual(self.alpha.status()["owed"], written, "all of it is owed")
        self.assertLess(grown, GROWTH_BYTES_MAX, "memory grows with what is owed")

        self.alpha.kill()
        began = time.monotonic()
        self.alpha.start()
        began = self.report("ready after a kill", began)
        self.assertGreaterEqual(self.alpha.status()["owed"], written, "all of it is owed")
        self.assertLess(self.memory(), before + GROWTH_BYTES_MAX, "a restart reads all of it")

        self.beta.start()
        self.wait_drained()
        self.report("drained", began)
        print(f"  beta's CPU {self.cpu_s(self.beta):.1f} s", file=sys.stderr)
        self.assertLess(self.memory(), before + GROWTH_BYTES_MAX, "draining reads all of it")
        for writer in writers:
            # The first text is the one by which they met.
            texts = [message["text"] for message in writer.reader.messages(writer.theirs, 100)][1:]
            self.assertEqual(len(texts), writer.written)
            self.assertTrue(all(text == text_of(n) for n, text in enumerate(texts)),
                            "each is there once, in order")


if __name__ == "__main__":
    main()
