#!/usr/bin/python3
"""Two instances of cpcd on this machine, and the way of a message between them, as a story.

    quickstart_story.py --build DIR --once
    quickstart_story.py --build DIR --folder DIR
    quickstart_story.py --stop --folder DIR

Called by scripts/quickstart, which has built the programs. Uses the client of the functional tests.
"""

import argparse
import contextlib
import os
import pathlib
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TREE / "tests" / "functional"))

from cpc.client import Client, Refused  # noqa: E402
from cpc.instance import Binaries, CommandFailed, Instance, NotReady  # noqa: E402
from cpc.process import Process, end_all  # noqa: E402

NAMES = ("alpha.cpc", "beta.cpc")
HOST = "127.0.0.1"
# The defaults of cpcd and the ports after them; others where these are taken.
CLIENT_PORTS, FEDERATION_PORTS = (8480, 8481), (8470, 8471)
SOCKET_PATH_MAX = 107
HELLO = "Hello Bob, this is Alice from alpha. May I write to you?"
WHILE_AWAY = ("Are you there?", "I will just write on.", "It will all be there when you are back.")


class NotHappened(Exception):
    """A step of the story did not happen."""


class Story:
    """Prints each step when it is done, with the time it took."""

    def __init__(self):
        self.number, self.started = 0, time.monotonic()
        self.title = ""
        self.is_terminal = sys.stdout.isatty()

    @contextlib.contextmanager
    def step(self, title):
        self.number, self.title = self.number + 1, title
        begun, remarks = time.monotonic(), []
        if self.is_terminal:
            print(f" ..  {title}", end="\r", flush=True)
        yield remarks.append
        print(f"{self.number:3}  {title:<72}{time.monotonic() - begun:6.2f} s")
        for remark in remarks:
            print(textwrap.fill(remark, 90, initial_indent="       ",
                                subsequent_indent="       "))
        sys.stdout.flush()


# --- the daemons ---------------------------------------------------------------------------------

def free_ports(wanted):
    """Each wanted port, or any free one in its place."""
    chosen = []
    for port in wanted:
        for candidate in (port, 0):
            with contextlib.suppress(OSError), socket.create_server((HOST, candidate)) as listener:
                chosen.append(listener.getsockname()[1])
                break
    return chosen


def make_instances(binaries, folder, is_detached):
    clients, federations = free_ports(CLIENT_PORTS), free_ports(FEDERATION_PORTS)
    instances = [
        Instance(binaries, folder / name.removesuffix(".cpc"), name, (HOST, client),
                 (HOST, federation), is_detached)
        for name, client, federation in zip(NAMES, clients, federations)]
    for instance in instances:
        if len(str(instance.socket)) > SOCKET_PATH_MAX:
            raise NotHappened(f"{instance.socket} is too long for a unix socket "
                              f"({SOCKET_PATH_MAX} letters at most). Name a shorter place: "
                              "XDG_STATE_HOME=/some/folder scripts/quickstart")
        instance.init()
    for one, other in (instances, reversed(instances)):
        one.add_peer(other.name, other.iid, other.federation)
        one.write_config()
    return instances


def stop_earlier(folder):
    """Stops the daemons of an earlier run by their pid files. Gives how many there were."""
    processes = [Process(file.parent.name, file, "cpcd", "--config", file.parent / "cpcd.toml")
                 for file in folder.glob("*/cpcd.pid")]
    running = [process for process in processes if process.pid() is not None]
    end_all(processes)
    return len(running)


def start_afresh(folder):
    """Removes what an earlier run made, and nothing else."""
    for name in [instance.removesuffix(".cpc") for instance in NAMES] + ["people"]:
        shutil.rmtree(folder / name, ignore_errors=True)


# --- the people ----------------------------------------------------------------------------------

def make_person(instance, local, folder):
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{local}.password"
    password = secrets.token_urlsafe(15)
    file.touch(0o600)
    file.write_text(password + "\n")
    instance.cpcctl("user", "create", local, "--password-file", file)
    person = Client(instance.client, f"{local}@{instance.name}", password, set())
    person.sign_in()
    person.follow()
    return person


def require(fact, what):
    if not fact:
        raise NotHappened(what)


# --- the story -----------------------------------------------------------------------------------

def meet(story, alpha, beta, folder):
    """From nothing to a first message that was read."""
    with story.step("alpha.cpc and beta.cpc come up from nothing") as remark:
        for instance in (alpha, beta):
            instance.start()
        remark("Each has fresh keys and an empty SQLite store, and knows the other by its key.")
    with story.step("alice gets an account on alpha.cpc, bob on beta.cpc; both sign in"):
        alice = make_person(alpha, "alice", folder)
        bob = make_person(beta, "bob", folder)
    with story.step("alice opts in to messages with people of other instances") as remark:
        conversation = alice.start(bob.address)
        refused = ""
        try:
            alice.send(conversation, HELLO)
        except Refused as refusal:
            refused = refusal.code
        require(refused == "FEDERATION_OPT_IN_REQUIRED", f"sending was answered {refused!r}")
        alice.opt_in()
        remark("Before that her instance refuses to send: FEDERATION_OPT_IN_REQUIRED.")
    with story.step("alice writes to bob, who has never heard of her") as remark:
        first = alice.send(conversation, HELLO)
        waiting = alice.wait_state(first, "WAITING_CONSENT")
        remark(f"alice sees {waiting['state']}: her message waits until bob agrees.")
    with story.step("bob gets a contact request, and accepts it") as remark:
        request = bob.wait_request(alice.address)
        require(request["intro"] == HELLO, "the request shows another text")
        view = bob.start(alice.address)
        require(bob.texts(view) == [], "the message was there before bob agreed")
        bob.answer(request, "GRANT")
        remark(f"It says: {request['intro']!r}")
    return alice, bob, conversation, view, first


def deliver(story, alice, bob, conversation, view, first):
    """The first message arrives and is read."""
    with story.step("the message arrives at bob") as remark:
        bob.wait_text(view, HELLO)
        delivered = alice.wait_state(first, "DELIVERED")
        states = alice.stream.states_of(first)
        hub = alice.conversation(conversation)["hub"]
        require(hub in NAMES and bob.conversation(view)["hub"] == hub, "the two name two hubs")
        remark(f"The hub of this conversation is {hub}: it orders the log, the other instance "
               "keeps a verified copy. Which of the two follows from their keys.")
        went_by = " -> ".join(dict.fromkeys([*states, delivered["state"]]))
        remark(f"alice saw it go: {went_by}")
    with story.step("bob reads it") as remark:
        arrived = bob.wait_text(view, HELLO)
        bob.mark_read(arrived)
        remark(f"alice sees {alice.wait_state(first, 'READ')['state']}")


def survive(story, alice, bob, beta, conversation, view):
    """beta.cpc dies and comes back; nothing is lost, nothing comes twice."""
    with story.step("beta.cpc is killed (kill -9)"):
        beta.kill()
    with story.step("alice writes three more while it is gone") as remark:
        sent = [alice.send(conversation, text) for text in WHILE_AWAY]
        delayed = alice.wait_state(sent[-1], "DELAYED")
        remark(f"alpha.cpc accepted all three: they are on its disk. alice sees {delayed['state']}"
               + (f" ({delayed['stateReason']})" if delayed["stateReason"] else "")
               + (f", next try {delayed['nextTryAt']}" if delayed["nextTryAt"] else "") + ".")
    with story.step("beta.cpc comes back; all three arrive, once and in order") as remark:
        beta.start()
        expected = [HELLO, *WHILE_AWAY]
        bob.until(lambda: len(bob.texts(view)) >= len(expected), "the three messages")
        for message in sent:
            alice.wait_state(message, "DELIVERED")
        require(bob.texts(view) == expected, f"bob has {bob.texts(view)}")
        require(alice.texts(conversation) == expected, f"alice has {alice.texts(conversation)}")
        remark("Both instances hold the same log: "
               f"{bob.conversation(view)['position']} entries, in one order.")


def tell(story, instances, folder):
    alpha, beta = instances
    alice, bob, conversation, view, first = meet(story, alpha, beta, folder / "people")
    with contextlib.closing(alice), contextlib.closing(bob):
        deliver(story, alice, bob, conversation, view, first)
        survive(story, alice, bob, beta, conversation, view)


def what_next(instances, folder, build):
    alpha = instances[0]
    cpcctl = os.path.relpath(alpha.binaries.cpcctl)
    if cpcctl.startswith(".."):
        cpcctl = str(alpha.binaries.cpcctl)
    lines = ["", "Both instances are up. What to try next:", ""]
    for instance in instances:
        local = "alice" if instance is alpha else "bob"
        lines += [f"  {instance.name}", f"    API       http://{HOST}:{instance.client[1]}/graphql",
                  f"    account   {local}, password in {folder}/people/{local}.password",
                  f"    files     {instance.config}, {instance.log}",
                  f"    operate   {cpcctl} --socket {instance.socket} status", ""]
    socket_path = alpha.socket
    lines += [
        f"  {cpcctl} --socket {socket_path} peer show beta.cpc",
        f"  {cpcctl} --socket {socket_path} user create carol",
        "",
        "  # A token for alice, for the header `Authorization: Bearer ...`. The API is described",
        "  # in daemon/schema.graphql.",
        f"  curl -s http://{HOST}:{alpha.client[1]}/graphql -H 'Content-Type: application/json' \\",
        """    -d '{"query":"mutation($p:String!)"""
        """{signIn(input:{username:\\"alice\\",password:$p}){accessToken}}",""",
        f"""         "variables":{{"p":"'"$(cat {folder}/people/alice.password)"'"}}}}'""",
        "",
        "Stop both:       scripts/quickstart --stop",
        "Start afresh:    scripts/quickstart        (removes these two and begins again)"]
    print("\n".join(lines))


# --- the program ---------------------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build")
    parser.add_argument("--folder")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--stop", action="store_true")
    return parser.parse_args()


def stop_all(instances):
    """SIGTERM to what runs. Gives a complaint for each that did not end cleanly."""
    for instance in instances:
        if instance.process is None or instance.process.poll() is not None:
            continue
        if instance.stop() != 0:
            yield f"{instance.name} did not stop cleanly"


def run(args):
    folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="cpc-quickstart-", dir="/tmp"))
    story, instances, is_told = Story(), [], False
    try:
        if stop_earlier(folder):
            print("(stopped the two instances of an earlier quickstart; this one starts afresh)")
        start_afresh(folder)
        print("Two instances on this machine, and two people who have never met\n")
        story.title = "the keys and configurations of both are made"
        instances = make_instances(Binaries(args.build), folder, is_detached=not args.once)
        tell(story, instances, folder)
        if args.once:
            story.title = "both stop"
            for complaint in stop_all(instances):
                raise NotHappened(complaint)
        is_told = True
    except (NotHappened, AssertionError, NotReady, CommandFailed, Refused, OSError) as problem:
        print(f"\nquickstart: this did not happen: {story.title}\n  {problem}", file=sys.stderr)
        for instance in instances:
            print(f"\nThe last of {instance.name}'s log:\n{instance.log_tail()}", file=sys.stderr)
    finally:
        if not is_told:
            for complaint in stop_all(instances):
                print(f"quickstart: {complaint}", file=sys.stderr)
        if args.once:
            shutil.rmtree(folder, ignore_errors=True)
    if not is_told:
        return 1
    print(f"\nAll of it happened, in {time.monotonic() - story.started:.1f} s.")
    if not args.once:
        what_next(instances, folder, args.build)
    return 0


def main():
    args = arguments()
    if args.stop:
        count = stop_earlier(pathlib.Path(args.folder))
        print(f"quickstart: stopped {count} instances" if count else "quickstart: nothing runs")
        return 0
    # As Ctrl-C: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(args)
    except KeyboardInterrupt:
        print("\nquickstart: interrupted; what it had started is stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
