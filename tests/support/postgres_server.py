#!/usr/bin/python3
"""A PostgreSQL server of a test's own: made from nothing, thrown away at the end.

Reached by a unix socket in a folder that only its owner can enter, and by no port, so it meets no
other server of this machine. PostgreSQL refuses to run as root; under root it runs as `postgres`,
the account that Debian's package makes.

As a program: postgres_server.py COMMAND... runs the command with CPC_POSTGRES telling it how to
connect (a libpq connection string without dbname), and ends with its status."""

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from own_server import OwnServer, run_command

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
ACCOUNT = "postgres"  # Of a server that root starts.


class PostgresServer(OwnServer):
    """`with PostgresServer() as server:` runs one under a folder of its own in /tmp. It ends with
    this process, however that ends, unless `is_detached`."""

    NAME, START_S = "PostgreSQL", 60

    def __init__(self, folder=None, is_detached=False):
        self.is_detached = is_detached
        # Short, because the path of a unix socket has 107 octets at most.
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="cpc-pg-", dir="/tmp"))
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"

    @property
    def dsn(self):
        """A libpq connection string, to which ` dbname=...` may be added."""
        return f"host={self.folder} user=cpcd"

    def init(self):
        """The cluster, with the roles `cpcd` and `postgres`."""
        account = account_of_root() if os.geteuid() == 0 else None
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o700)
        if account:
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.run("initdb", "--pgdata", self.data, "--username=cpcd", "--auth=trust",
                 "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        with open(self.data / "postgresql.auto.conf", "a", encoding="utf-8") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                       "max_connections = 200\nshared_buffers = 64MB\nlogging_collector = off\n"
                       "log_line_prefix = '%m [%p] %a '\n")

    def start(self):
        options = [] if self.is_detached else ["--pdeathsig=QUIT"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", *self.become(), *options, "--", BINARIES / "postgres", "-D", self.data],
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.wait_started()

    def answers(self):
        return subprocess.run([BINARIES / "pg_isready", "-q", "-h", self.folder]).returncode == 0

    def stop(self, mode="fast"):
        self.run("pg_ctl", "--pgdata", self.data, "--mode", mode, "--wait", "stop")
        self.reap()

    def reap(self):
        if self.process is not None:
            self.process.wait()
            self.process = None

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def kill(self):
        """SIGKILL to the postmaster and its children: a power cut of the server."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
        for one in (pid, *map(int, children.stdout.split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self.reap()

    def psql(self, sql, database="postgres"):
        """What one statement answers, unaligned."""
        ended = subprocess.run(
            [BINARIES / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
             f"{self.dsn} dbname={database}", "-c", sql], capture_output=True, text=True)
        if ended.returncode != 0:
            raise AssertionError(f"psql: {sql}: {ended.stderr}")
        return ended.stdout.strip()

    def create_database(self, name):
        self.psql(f'CREATE DATABASE "{name}"')
        return f"{self.dsn} dbname={name}"

    def tables(self, database):
        """Everything in a database: {table: sorted rows}."""
        names = self.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                          "ORDER BY tablename", database).split()
        rows = json.loads(self.psql("SELECT json_build_object(" + ", ".join(
            f"'{name}', (SELECT coalesce(json_agg(t), '[]') FROM {name} AS t)" for name in names)
            + ")", database))
        return {name: sorted((tuple(map(value_of, row.values())) for row in rows[name]), key=repr)
                for name in names}

    def run(self, program, *arguments):
        """One of PostgreSQL's programs, as the account that the server runs as."""
        ended = subprocess.run(["setpriv", *self.become(), "--", BINARIES / program, *arguments],
                               cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               env={**os.environ, "LC_ALL": "C.UTF-8"})
        if ended.returncode != 0:
            raise AssertionError(f"{program} ended with {ended.returncode}:\n{ended.stdout}"
                                 f"{ended.stderr}\n{self.log_tail()}")

    def become(self):
        if os.geteuid() != 0:
            return ["--no-new-privs"]
        return [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]

    def remove(self):
        if (self.data / "postmaster.pid").exists():
            with contextlib.suppress(AssertionError):
                self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def account_of_root():
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise AssertionError(
            f"PostgreSQL refuses to run as root, and there is no account {ACCOUNT} on this machine "
            "to run it as. Install postgresql-15, which makes one (scripts/deps), or start this as "
            "another user than root.") from None


def value_of(column):
    """As SQLite's driver gives it: octets as bytes."""
    is_octets = isinstance(column, str) and column.startswith("\\x")
    return bytes.fromhex(column[2:]) if is_octets else column


if __name__ == "__main__":
    run_command(PostgresServer, lambda server: {"CPC_POSTGRES": server.dsn,
                                                "CPC_POSTGRES_LOG": str(server.log)})
