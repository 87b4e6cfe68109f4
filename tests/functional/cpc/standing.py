"""A world that stays up when the program that made it has ended: what scripts/world does.

In its folder, besides a folder for each instance:

    world.json      where everything is, as long as all of it runs
    world.made      the instances whose folders are ours to replace
    world.client_ca with --tls: the authority that clients believe
    world.dns       Knot's folder
    world.postgres  a link to PostgreSQL's folder
    world.lock      held while one starts or stops it
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import tempfile

from cpc.instance import place
from cpc.process import Process, end_all
from cpc.world import World

PEOPLE = ("alice", "bob", "carol")
# One label of a name, so that nothing of world.* is an instance's.
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
SOCKET_PATH_MAX = 107


class Trouble(Exception):
    """What an operator is told: what, why, what to do."""


def up(folder, labels, engine, has_tls, binaries):
    """Starts everything and gives what world.json holds. If that fails, nothing runs."""
    folder = pathlib.Path(os.path.abspath(folder))
    check_labels(folder, labels)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        make_room(folder)
        (folder / "world.made").write_text("".join(f"{label}\n" for label in labels))
        world = World(*(f"{label}.cpc" for label in labels), engine=engine, has_dns=True,
                      has_tls=has_tls, folder=folder, binaries=binaries)
        try:
            world.__enter__()
            told = describe(world)
            write_private(folder / "world.json", json.dumps(told, indent=2) + "\n")
        except BaseException:
            world.abandon()
            raise
    return told


def down(folder):
    """Ends what runs there. Gives the names of what did run, and of what had to be killed."""
    folder = pathlib.Path(os.path.abspath(folder))
    if not any((folder / name).exists() for name in ("world.lock", "world.made")):
        return [], []  # No world, and no folder of ours to write into.
    with locked(folder):
        daemons, servers = processes_of(folder)
        ran = [process.what for process in daemons + servers if process.pid() is not None]
        (folder / "world.json").unlink(missing_ok=True)
        # First who uses the servers.
        killed = end_all(daemons) + end_all(servers)
        remove_postgres(folder)
    return ran, killed


def processes_of(folder):
    """All that a world in this folder may have running: the daemons, and what they rest on."""
    daemons = [Process(f"{label}.cpc", folder / label / "cpcd.pid", "cpcd", "--config",
                       folder / label / "cpcd.toml") for label in made_in(folder)]
    dns, data = folder / "world.dns", postgres_folder(folder) / "data"
    return daemons, [
        Process("Knot", dns / "server.pid", "knotd", "-c", dns / "knot.conf"),
        # SIGINT: it lets no session keep it.
        Process("PostgreSQL", data / "postmaster.pid", "postgres", "-D", data,
                ends_by=signal.SIGINT)]


def made_in(folder):
    with contextlib.suppress(FileNotFoundError):
        labels = (folder / "world.made").read_text().split()
        return [label for label in labels if LABEL.fullmatch(label)]
    return []


def postgres_folder(folder):
    link = folder / "world.postgres"
    return pathlib.Path(os.readlink(link)) if link.is_symlink() else link


def remove_postgres(folder):
    shutil.rmtree(postgres_folder(folder), ignore_errors=True)
    (folder / "world.postgres").unlink(missing_ok=True)


def check_labels(folder, labels):
    for label in labels:
        if not LABEL.fullmatch(label):
            raise Trouble(f"{label!r} is no name of an instance: letters a-z, digits and inner "
                          "hyphens, as in: alpha")
        if labels.count(label) > 1:
            raise Trouble(f"{label} was named twice; two instances never share a name")
    longest = max(len(str(folder / label / "data" / "admin.sock")) for label in labels)
    if longest > SOCKET_PATH_MAX:
        raise Trouble(f"{folder} is too long: a unix socket in it would have a path of {longest} "
                      f"octets, and {SOCKET_PATH_MAX} are possible. Name a shorter folder.")


@contextlib.contextmanager
def locked(folder):
    file = folder / "world.lock"
    was_there = file.exists()
    with open(file, "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"another scripts/world is at work in {folder}; wait for it, or name "
                          "another folder") from None
        try:
            yield
        finally:
            # A folder that was refused is left as it was.
            if not was_there and not (folder / "world.made").exists():
                file.unlink()


def make_room(folder):
    """Removes what an earlier world left, and nothing else. Refuses a folder that is in use."""
    daemons, servers = processes_of(folder)
    running = [f"{process.what} is process {process.pid()}" for process in daemons + servers
               if process.pid() is not None]
    if running:
        raise Trouble(f"a world runs in {folder} already ({', '.join(running)}). Stop it with: "
                      f"scripts/world down {folder}  or name another folder.")
    ours = {"world.json", "world.made", "world.client_ca", "world.dns", "world.postgres",
            "world.lock", *made_in(folder)}
    foreign = sorted(entry.name for entry in folder.iterdir() if entry.name not in ours)
    if foreign:
        raise Trouble(f"{folder} holds {foreign[0]}, which no world has made and none shall "
                      "overwrite. Name an empty or a new folder.")
    remove_postgres(folder)
    for name in ("world.json", "world.client_ca"):
        (folder / name).unlink(missing_ok=True)
    for name in ("world.dns", *made_in(folder)):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def describe(world):
    """The content of world.json, with an account for each of PEOPLE on each instance."""
    scheme = "https" if world.authority else "http"
    told = {"dns": world.dns.text, "instances": [
        {"name": instance.name, "client_url": f"{scheme}://{place(instance.client)}",
         "federation_url": f"https://{place(instance.federation)}",
         "admin_socket": str(instance.socket), "data_dir": str(instance.data),
         "config": str(instance.config), "pid": instance.process.pid,
         "accounts": [{"address": f"{local}@{instance.name}", "username": local,
                       "password": world.account(local, instance)} for local in PEOPLE]}
        for instance in world.instances.values()]}
    if world.authority:
        file = world.folder / "world.client_ca"
        file.write_text(world.authority.pem)
        told["client_ca"] = str(file)
    return told


def write_private(path, text):
    """0600, and whoever reads it reads all of it or nothing."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(name, path)
    except BaseException:
        os.unlink(name)
        raise
