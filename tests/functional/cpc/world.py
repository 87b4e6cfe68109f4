"""Several instances in one folder, and what must hold for each of them at the end."""

import os
import pathlib
import re
import secrets
import shutil
import sys
import tempfile

from cpc.certificate import Authority
from cpc.client import Client
from cpc.instance import Binaries, Instance

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import own_server  # noqa: E402
from knot_server import KnotServer  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

CLIENT_PORT, FEDERATION_PORT = 8480, 8470
SANITIZERS = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:"
    r"|Assertion .* failed|terminate called")
ERROR_LINE = re.compile(r'\blevel=error\b|"level":"error"')
# Tests may be busy with signing in; the one about its limit sets its own.
SETTINGS = {"client.sign_ins_per_minute": 1000}


def free_host():
    """A loopback address of our own, so that test programs can run side by side."""
    return own_server.free_host((64, 120), CLIENT_PORT, FEDERATION_PORT)


class World:
    """`with World("alpha.cpc", "beta.cpc") as world:` gives running instances that know each other:
    by their configuration, or, if `has_dns`, by a DNS server that says where each is.

    When it ends, every daemon must stop cleanly, without a sanitizer's report, an unexpected error
    or a secret in its log. Nothing outlives this process, unless `folder` is given: then all of it
    does, until standing.py ends it."""

    def __init__(self, *names, settings=None, engine=None, has_dns=False, has_tls=False,
                 folder=None, binaries=None):
        self.is_detached = folder is not None
        self.binaries = binaries or binaries_here()
        # Short, because the path of a unix socket has 107 octets at most.
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="cpc-", dir="/tmp"))
        self.instances, self.clients, self.secrets = {}, [], set()
        self.dns = self.postgres = None
        self.authority = Authority() if has_tls else None
        try:
            if has_dns:
                self.start_dns()
            if (engine or os.environ.get("CPC_ENGINE", "sqlite")) == "postgres":
                self.start_postgres()
            for name in names:
                self.add(name, settings)
            self.introduce()
        except BaseException:
            self.abandon()
            raise

    # --- making --------------------------------------------------------------------------------

    def start_dns(self):
        folder = self.folder / "world.dns" if self.is_detached else None
        self.dns = KnotServer({"cpc": []}, folder, self.is_detached)
        self.dns.start()

    def start_postgres(self):
        self.postgres = PostgresServer(is_detached=self.is_detached)
        if self.is_detached:
            # Elsewhere, because the account that it runs as must be able to go there.
            (self.folder / "world.postgres").symlink_to(self.postgres.folder)
        self.postgres.__enter__()

    def add(self, name, settings=None):
        """One more instance, not started. Peers are the caller's to add."""
        host = free_host()
        instance = Instance(self.binaries, self.folder / name.removesuffix(".cpc"), name,
                            (host, CLIENT_PORT), (host, FEDERATION_PORT), self.is_detached)
        instance.init()
        instance.settings = {**SETTINGS, **(settings or {})}
        if self.dns is not None:
            instance.settings["dns.resolvers"] = [self.dns.text]
        if self.authority is not None:
            instance.use_client_tls(self.authority)
        if self.postgres is not None:
            instance.use_postgres(self.postgres)
        instance.write_config()
        for file in instance.keys.glob("*.key"):
            if file.name != "tls.key":
                self.secrets.add(file.read_text().split()[1])
        self.instances[name] = instance
        return instance

    def introduce(self):
        """Each vouches for the identity of each; where they are is told by the same or by DNS."""
        for one in self.instances.values():
            for other in self.instances.values():
                if one is not other:
                    one.add_peer(other.name, other.iid, None if self.dns else other.federation)
            one.write_config()
        self.tell_dns()

    def tell_dns(self):
        """DNS says where every instance is now."""
        if self.dns is not None:
            self.dns.set_zone("cpc", self.records())

    def records(self):
        """The zone `.cpc` as it should be: where each instance is, and who."""
        records = []
        for one in self.instances.values():
            label = one.name.removesuffix(".cpc")
            records += [f"_cpc-fed._tcp.{label} 60 SRV 0 0 {one.federation[1]} host.{label}",
                        f'_cpc.{label} 60 TXT "v=cpc1; iid={one.iid}; st=active"',
                        f"host.{label} 60 A {one.federation[0]}"]
        return records

    def __enter__(self):
        try:
            for instance in self.instances.values():
                instance.launch()
            for instance in self.instances.values():
                instance.wait_ready()
        except BaseException:
            self.abandon()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.tell_logs()
            self.abandon()
            return
        try:
            self.finish()
        finally:
            self.abandon()

    def __getitem__(self, name):
        return self.instances[name]

    # --- people --------------------------------------------------------------------------------

    def account(self, local, instance):
        """A new account; gives its password."""
        password = f"secret-{secrets.token_urlsafe(18)}"
        self.secrets.add(password)
        instance.create_user(local, password)
        return password

    def person(self, local, instance):
        """An account and its client, signed in, with its events coming in."""
        client = self.client(instance, local, self.account(local, instance))
        client.sign_in()
        client.follow()
        return client

    def client(self, instance, local="", password=""):
        client = Client(instance.client, f"{local}@{instance.name}", password, self.secrets,
                        instance.tls)
        self.clients.append(client)
        return client

    # --- the end -------------------------------------------------------------------------------

    def finish(self):
        """Stops everything and raises AssertionError for what must never be."""
        complaints = []
        self.close_clients()
        for instance in self.instances.values():
            if instance.process is None:
                continue
            if instance.process.poll() is not None:
                complaints.append(f"{instance.name} had ended by itself")
            status = instance.stop()
            if status != 0:
                complaints.append(f"{instance.name} ended with status {status}")
        for instance in self.instances.values():
            complaints += self.complaints_of(instance)
        if complaints:
            self.tell_logs()
            raise AssertionError("\n".join(complaints))

    def complaints_of(self, instance):
        text = instance.log_text()
        for line in text.splitlines():
            if SANITIZERS.search(line):
                yield f"{instance.name}: {line}"
            if ERROR_LINE.search(line) and not any(w in line for w in instance.allowed_errors):
                yield f"{instance.name}: unexpected error: {line}"
        for secret in self.secrets:
            if secret in text:
                yield f"{instance.name}: its log holds a secret: {secret[:8]}..."

    def tell_logs(self):
        for instance in self.instances.values():
            print(f"--- the last of {instance.name}'s log\n{instance.log_tail(40)}",
                  file=sys.stderr)

    def close_clients(self):
        for client in self.clients:
            client.close()

    def abandon(self):
        """Nothing runs any more, and nothing is left behind but the folder that was given."""
        self.close_clients()
        for instance in self.instances.values():
            if instance.process is not None:
                instance.process.kill()
                instance.process.wait()
        for server in (self.dns, self.postgres):
            if server is not None:
                server.remove()
        if not os.environ.get("CPC_TEST_KEEP") and not self.is_detached:
            shutil.rmtree(self.folder, ignore_errors=True)


def binaries_here():
    """The build that ctest names; the sanitized one of this tree otherwise."""
    tree = pathlib.Path(__file__).resolve().parents[3]
    binaries = Binaries(os.environ.get("CPC_BUILD", tree / "build" / "dev"))
    if binaries.missing():
        raise AssertionError(f"not built: {', '.join(binaries.missing())}")
    return binaries
