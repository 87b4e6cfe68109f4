"""Processes that outlive the program that started them: found by their pid files, told apart from
whoever has the number by now, and ended."""

import contextlib
import os
import pathlib
import select
import signal

END_S = 30


class Process:
    """The process of a pid file, as long as it runs `program` with `arguments` among its own."""

    def __init__(self, what, pid_file, program, *arguments, ends_by=signal.SIGTERM):
        self.what, self.pid_file, self.ends_by = what, pathlib.Path(pid_file), ends_by
        self.program, self.arguments = program, [str(argument) for argument in arguments]

    def pid(self):
        """Its number, or None if it does not run: the number may belong to somebody else."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(self.pid_file.read_text().split()[0])
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if pathlib.Path(command[0]).name == self.program and contains(command, self.arguments):
                return pid
        return None


def contains(words, part):
    return any(words[at:at + len(part)] == part for at in range(len(words) - len(part) + 1))


def end_all(processes):
    """Asks all of them to end, then waits for each. Gives the names of those that had to be
    killed."""
    with contextlib.ExitStack() as stack:
        asked = []
        for process in processes:
            descriptor = opened(process)
            if descriptor is not None:
                stack.callback(os.close, descriptor)
                signal.pidfd_send_signal(descriptor, process.ends_by)
                asked.append((process, descriptor))
        killed = [process.what for process, descriptor in asked if not is_ended(descriptor)]
    for process in processes:
        process.pid_file.unlink(missing_ok=True)
    return killed


def opened(process):
    """A descriptor of the process, which stays its own whatever becomes of the number."""
    before = process.pid()
    if before is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(before)
        if process.pid() == before:
            return descriptor
        os.close(descriptor)
    return None


def is_ended(descriptor):
    """Waits for the end; if it does not come, kills, and tells so."""
    if select.select([descriptor], [], [], END_S)[0]:
        return True
    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    select.select([descriptor], [], [], END_S)
    return False
