#!/usr/bin/python3
"""The world of a benchmark: real daemons on a real disk, and people who may write to each other.

Started by cpc_bench, which owns it. Its first line of output describes the world as JSON. Then each
line of input is a command, answered by a line of JSON:

    status          what `cpcctl status` says of each instance that runs
    stop NAME       ends a daemon as systemd does
    start NAME      starts it again, without waiting until it is ready; answers its pid

At the end of the input, by SIGTERM, or when its owner dies, everything is stopped and removed."""

import argparse
import concurrent.futures
import json
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "functional"), str(TESTS / "support")]

from cpc.client import Client, eventually  # noqa: E402
from cpc.instance import Binaries, Instance  # noqa: E402
from cpc.world import CLIENT_PORT, FEDERATION_PORT, free_host  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

# Nothing but the daemon's own speed shall hold the clients up.
SETTINGS = {"client.sign_ins_per_minute": 1000, "client.connections_max": 100000,
            "client.connections_per_address_max": 100000}
# Passwords are hashed one after the other; more people at a time would only wait.
PEOPLE_AT_ONCE = 8
HELLO = "May I write to you?"


class BenchWorld:
    def __init__(self, given):
        self.given = given
        # Short, because the path of a unix socket has 107 octets at most.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpc-b-", dir=given.folder))
        self.binaries = Binaries(given.build)
        self.instances = {}
        self.postgres = None

    def open(self):
        if self.given.engine == "postgres":
            # Beside the folder and not in it, which the server's own account could not enter.
            self.postgres = PostgresServer(f"{self.folder}-pg")
            self.postgres.__enter__()
        for name in self.given.instance:
            host = free_host()
            instance = Instance(self.binaries, self.folder / name.removesuffix(".cpc"), name,
                                (host, CLIENT_PORT), (host, FEDERATION_PORT))
            instance.init()
            instance.settings = dict(SETTINGS)
            if self.postgres is not None:
                instance.use_postgres(self.postgres)
            self.instances[name] = instance
        for one in self.instances.values():
            for other in self.instances.values():
                if one is not other:
                    one.add_peer(other.name, other.iid, other.federation)
            one.write_config()
            one.start()

    def close(self):
        for instance in self.instances.values():
            if instance.process is not None:
                instance.process.kill()
                instance.process.wait()
        if self.postgres is not None:
            self.postgres.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- people --------------------------------------------------------------------------------

    def person(self, local, instance):
        password = secrets.token_urlsafe(18)
        instance.ask("/v1/user/create", username=local, password=password)
        client = Client(instance.client, f"{local}@{instance.name}", password, set())
        client.sign_in()
        return client

    def pair(self, number):
        """A sender on the first instance, a reader on the last, who has consented."""
        first, *_, last = [*self.instances.values()] * 2
        sender = self.person(f"sender{number}", first)
        reader = self.person(f"reader{number}", last)
        if first is not last:
            sender.opt_in()
        begun = sender.start(reader.address)
        sent = sender.send(begun, HELLO)
        request = eventually(lambda: [r for r in reader.requests()
                                      if r["from"]["address"] == sender.address], "a request")
        reader.answer(request[0], "GRANT")
        eventually(lambda: sender.message(sent)["state"] == "DELIVERED", "the first message")
        theirs = reader.start(sender.address)
        return {"sender": described(sender, begun), "reader": described(reader, theirs),
                "hub": sender.conversation(begun)["hub"]}

    def people(self):
        instance = next(iter(self.instances.values()), None)
        with concurrent.futures.ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
            pairs = pool.map(self.pair, range(self.given.pairs))
            bystanders = pool.map(lambda number: self.person(f"bystander{number}", instance),
                                  range(self.given.bystanders))
            return {"pairs": list(pairs), "bystanders": [described(one) for one in bystanders]}

    # --- the owner -----------------------------------------------------------------------------

    def description(self):
        described_instances = {
            name: {"host": instance.client[0], "port": instance.client[1],
                   "pid": instance.process.pid}
            for name, instance in self.instances.items()}
        postgres = None
        if self.postgres is not None:
            postgres = {"pid": self.postgres.process.pid,
                        "micro": self.postgres.create_database("micro")}
        return {"folder": str(self.folder), "instances": described_instances, "postgres": postgres,
                **self.people()}

    def obey(self, command, name=None):
        if command == "status":
            return {one.name: one.cpcctl("status") for one in self.instances.values()
                    if one.process is not None}
        if command == "stop":
            return {"status": self.instances[name].stop()}
        if command == "start":
            self.instances[name].launch()
            return {"pid": self.instances[name].process.pid}
        raise ValueError(f"unknown command: {command}")


def described(client, conversation=None):
    return {"instance": client.address.partition("@")[2], "address": client.address,
            "token": client.token, "cursor": client.cursor(),
            "conversation": conversation["id"] if conversation else ""}


def tell(value):
    print(json.dumps(value), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--instance", action="append", default=[])
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--bystanders", type=int, default=0)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    world = BenchWorld(given)
    try:
        world.open()
        tell(world.description())
        for line in sys.stdin:
            tell(world.obey(*line.split()))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # What was begun is removed to the end.
        world.close()


if __name__ == "__main__":
    main()
