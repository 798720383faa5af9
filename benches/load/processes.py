"""Processes of one run: started, watched, ended by id; and what CPU time they took. Only /proc and the standard library."""

import os
import shutil
import signal
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """What went wrong, in one line for the user."""


def installed(name):
    """The path of a program, or None. Daemons live in sbin, which is not on everybody's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Processes:
    """Every process of the run. Leaving the `with` block ends what is left, however the block was left."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            end(process)

    def start(self, name, command, cwd=None, **more):
        """Starts a program in a group of its own; what it prints goes to NAME.out in the run's folder."""
        log = os.path.join(self.folder, f"{name}.out")
        with open(log, "ab") as out:
            process = subprocess.Popen([str(word) for word in command], cwd=cwd or self.folder, stdout=out,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True, **more)
        process.name, process.log = name, log
        self.started.append(process)
        return process


def end(process, patience=10):
    """Asks politely, then not. A daemon's children go with it: they are in its group, and that is ours alone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def last_words(process, lines=12):
    """The end of what a program printed."""
    with open(process.log, errors="replace") as log:
        return "".join(log.readlines()[-lines:]).strip()


def wait_until(what, seconds, done, *alive):
    """Polls `done` until it is true; a process of `alive` that ends before is trouble."""
    limit = time.monotonic() + seconds
    while not done():
        for process in alive:
            if process.poll() is not None:
                raise Trouble(f"{process.name} ended ({process.returncode}) before {what}:\n{last_words(process)}")
        if time.monotonic() > limit:
            words = "".join(f"\n{process.name}: {last_words(process)}" for process in alive)
            raise Trouble(f"not within {seconds} s: {what}{words}")
        time.sleep(0.02)


def udp_bound(address, port):
    """Whether somebody holds this UDP port (proc(5), net/udp)."""
    raw = bytes(int(part) for part in address.split("."))
    wanted = f"{int.from_bytes(raw, 'little'):08X}:{port:04X}"
    with open("/proc/net/udp") as sockets:
        return any(line.split()[1] == wanted for line in sockets)


def stat(pid):
    """(parent, ticks of CPU: user + system of all threads, those ended too) of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12])


def family(pid):
    """A process and its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (seen := stat(name)):
            parents.setdefault(seen[0], []).append(int(name))
    members, ahead = [], [pid]
    while ahead:
        members.append(ahead.pop())
        ahead.extend(parents.get(members[-1], []))
    return members


def cpu_seconds(pids):
    """User and system time of these processes together. From the scheduler's own count in ns (task/*/schedstat) where the kernel
    gives it; else from the same count rounded to ticks of 10 ms."""
    return sum(nanoseconds(pid) for pid in pids) / 1e9


def nanoseconds(pid):
    try:
        total = 0
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total
    except (FileNotFoundError, ProcessLookupError, IndexError):
        seen = stat(pid)
        return seen[1] * 10**9 // TICKS_PER_SECOND if seen else 0


class Machine:
    """What the whole machine did between `start` and `others`, so that a disturbed measurement can be seen as such."""

    def __init__(self):
        self.at, self.busy = time.monotonic(), machine_busy_seconds()
        self.own = own_cpu_seconds()

    def others(self):
        """Share of the machine's CPU that went to processes that are not of this run, 0 to 1."""
        room = (time.monotonic() - self.at) * os.cpu_count()
        used = (machine_busy_seconds() - self.busy) - (own_cpu_seconds() - self.own)
        return min(1.0, max(0.0, used / room))


def own_cpu_seconds():
    """CPU time of this rig, of what it runs and of what it has run."""
    ended = os.times()
    return cpu_seconds(family(os.getpid())) + ended.children_user + ended.children_system


def machine_busy_seconds():
    """Time not idle of all processors (proc(5), stat): user, nice, system, irq, softirq, steal."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
