"""One cpcd as a process of its own: made by cpcctl init, started, stopped, killed, looked into."""

import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import time

# How long anything may take before a test says that it did not happen. Never waited for in full
# unless something is broken.
PATIENCE_S = float(os.environ.get("CPC_TEST_PATIENCE", "30"))

# Rows that may change although nothing was stored: counters, and what a peer says of itself.
BOOKKEEPING = {"owner", "schema_migrations", "peers", "evidence"}

# So that an abort tells where it was called.
ASAN_OPTIONS = f"{os.environ.get('ASAN_OPTIONS', '')}:handle_abort=1".lstrip(":")

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class NotReady(Exception):
    """The daemon ended, or did not answer, before it was ready."""


class CommandFailed(Exception):
    """cpcctl ended with another status than 0."""

    def __init__(self, status, answer, text):
        super().__init__(f"status {status}: {text}")
        self.status, self.answer = status, answer
        self.code = answer.get("code", "") if isinstance(answer, dict) else ""


class Binaries:
    """Where a build keeps its two programs."""

    def __init__(self, build):
        self.cpcd = pathlib.Path(build, "daemon", "cpcd").resolve()
        self.cpcctl = pathlib.Path(build, "cli", "cpcctl").resolve()

    def missing(self):
        return [str(path) for path in (self.cpcd, self.cpcctl) if not os.access(path, os.X_OK)]


class UnixHttpConnection(http.client.HTTPConnection):
    """HTTP over the daemon's admin socket."""

    def __init__(self, path, timeout):
        super().__init__("cpcd", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Instance:
    """An instance under `folder`. The daemon ends with this process unless `is_detached`."""

    def __init__(self, binaries, folder, name, client, federation, is_detached=False):
        self.binaries, self.name = binaries, name
        self.folder = pathlib.Path(folder)
        self.client, self.federation = client, federation  # (host, port) each
        self.is_detached = is_detached
        self.config = self.folder / "cpcd.toml"
        self.data = self.folder / "data"
        self.keys = self.data / "keys"
        self.database = self.data / "cpcd.db"
        self.socket = self.data / "admin.sock"
        self.log = self.folder / "cpcd.log"
        self.pid_file = self.folder / "cpcd.pid"
        self.tls = None  # What its clients believe (ssl.SSLContext); None: they speak plain HTTP.
        self.iid = ""
        self.postgres = None  # The server, when the store is a database of one.
        self.settings, self.peers = {}, {}
        self.first_config = ""
        self.process = None
        self.allowed_errors = []  # Words that excuse a line of level error.

    # --- making --------------------------------------------------------------------------------

    def init(self):
        """Keys and configuration, as an operator makes them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made = self.cpcctl("init", "--name", self.name, "--config", self.config,
                           "--data-dir", self.data, "--client-listen", place(self.client),
                           "--federation-listen", place(self.federation),
                           "--allow-address", "127.0.0.0/8", needs_daemon=False)
        self.iid = made["iid"]
        self.first_config = self.config.read_text()
        return made

    def use_postgres(self, server):
        """The store is a database of this server. Before the first start."""
        self.postgres = server
        dsn = self.data / "postgres.dsn"
        dsn.touch(0o600)
        dsn.write_text(server.create_database(self.database_name) + "\n")
        self.settings["storage.engine"] = "postgres"

    @property
    def database_name(self):
        return self.name.replace(".", "_")

    def use_client_tls(self, authority):
        """Clients speak TLS, with a certificate of this authority. Before the first start."""
        key, chain = self.folder / "client.key", self.folder / "client.crt"
        authority.issue([self.client[0]], key, chain)
        self.settings |= {"client.tls_certificate": str(chain), "client.tls_key": str(key)}
        self.tls = ssl.create_default_context(cadata=authority.pem)

    def add_peer(self, name, iid, endpoint):
        """`endpoint` None: DNS says where."""
        self.peers[name] = (iid, endpoint)

    def write_config(self):
        """What init wrote, with the settings ({"client.listen": ...}) and peers added since."""
        text = self.first_config
        for key, value in self.settings.items():
            section, name = key.rsplit(".", 1)
            line = f"{name} = {json.dumps(value)}\n"
            head = f"[{section}]\n"
            if head not in text:
                text += "\n" + head
            text = text.replace(head, head + line, 1)
        for name, (iid, endpoint) in self.peers.items():
            text += f"\n[[peer]]\nname = {json.dumps(name)}\niid = {json.dumps(iid)}\n"
            if endpoint is not None:
                text += f"endpoints = {json.dumps([place(endpoint)])}\n"
        self.config.write_text(text)

    def move(self, port):
        """The daemon, which does not run now, listens to peers on another port from now on."""
        host = self.federation[0]
        self.first_config = self.first_config.replace(place(self.federation), f"{host}:{port}")
        self.federation = (host, port)
        self.write_config()

    # --- life ----------------------------------------------------------------------------------

    def launch(self):
        """Starts the process and does not wait for it."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binaries.cpcd, "--config", self.config], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=self.is_detached,
                env={**os.environ, "ASAN_OPTIONS": ASAN_OPTIONS},
                preexec_fn=None if self.is_detached else end_with_parent)
        self.pid_file.write_text(f"{self.process.pid}\n")

    def start(self):
        self.launch()
        self.wait_ready()
        return self

    def wait_ready(self):
        """Until the daemon answers that it runs; as soon as it does."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise NotReady(f"{self.name} ended with status {self.process.returncode} before it "
                               f"was ready:\n{self.log_tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                if self.ask("/v1/status")["state"] in ("running", "degraded"):
                    return
            time.sleep(0.02)
        raise NotReady(f"{self.name} was not ready in {PATIENCE_S:g} s:\n{self.log_tail()}")

    def stop(self):
        """SIGTERM, as systemd does; gives the exit status."""
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def kill(self):
        """SIGKILL: what a power cut looks like to a process."""
        self.process.kill()
        return self.wait_end()

    def wait_end(self):
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end in {PATIENCE_S:g} s:\n"
                                 f"{self.log_tail()}") from None
        self.process = None
        self.pid_file.unlink(missing_ok=True)
        return status

    def restart(self):
        status = self.stop()
        if status != 0:
            raise AssertionError(f"{self.name} ended with status {status}:\n{self.log_tail()}")
        return self.start()

    # --- asking --------------------------------------------------------------------------------

    def ask(self, path, **request):
        """One question to the admin socket, without the cost of a cpcctl process."""
        connection = UnixHttpConnection(self.socket, PATIENCE_S)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(request).encode(),
                               {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())

    def status(self):
        return self.ask("/v1/status")

    def peer(self, name):
        return self.ask("/v1/peer/show", name=name)

    def cpcctl(self, *arguments, needs_daemon=True, stdin=None):
        """The JSON that cpcctl answers with; CommandFailed if its status is not 0."""
        command = [self.binaries.cpcctl, "--json"]
        if needs_daemon:
            command += ["--socket", self.socket]
        ended = subprocess.run([*command, *arguments], input=stdin, capture_output=True,
                               text=True, timeout=PATIENCE_S * 2)
        try:
            answer = json.loads(ended.stdout) if ended.stdout.strip() else {}
        except ValueError:
            answer = {}
        if ended.returncode != 0:
            raise CommandFailed(ended.returncode, answer, ended.stdout + ended.stderr)
        return answer

    def create_user(self, local, password):
        return self.with_password("user", "create", local, password=password)

    def disable_user(self, local):
        return self.cpcctl("user", "disable", local, f"--yes={local}")

    def with_password(self, *arguments, password):
        file = self.folder / f"password-{arguments[-1]}"
        file.touch(0o600)
        file.write_text(password + "\n")
        return self.cpcctl(*arguments, "--password-file", file)

    def rows(self):
        """Everything the store holds but its bookkeeping: {table: sorted rows}."""
        if self.postgres is not None:
            tables = self.postgres.tables(self.database_name)
            return {name: rows for name, rows in tables.items() if name not in BOOKKEEPING}
        lives = self.process is not None
        mode = "mode=ro" if lives else "immutable=1"
        uri = f"file:{self.database}?{mode}"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            tables = [name for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            return {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr)
                    for name in tables if name not in BOOKKEEPING}

    # --- the log -------------------------------------------------------------------------------

    def log_text(self):
        return self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""

    def log_tail(self, lines=25):
        return "\n".join(f"  {self.name}| {line}" for line in self.log_text().splitlines()[-lines:])

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def place(address):
    return f"{address[0]}:{address[1]}"


def end_with_parent():
    """In the child: the kernel kills it when the test program goes, however that went."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
