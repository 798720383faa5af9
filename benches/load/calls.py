"""SIPp as callers and agents around a server; and the first row: what one call costs the server in CPU time."""

import csv
import glob
import json
import os
import subprocess
import time

import processes
from processes import Trouble, installed, wait_until
from servers import AGENT_PORT, SIP_PORT

CALLER_PORT = 5070
#: What callers and agents name as their media port where no sound is measured: held open by `Sink`, read by nobody.
SINK_PORT = 30000
#: How long after the last call the server's CPU time is still counted.
SETTLE_SECONDS = 2


class Sipp:
    """One SIPp. `ports` are the media ports of its calls in order; then they repeat."""

    def __init__(self, run, here, role, address, port, target, ports, calls, limit, more=()):
        self.statistics = os.path.join(run.folder, f"{role}.csv")
        self.log = os.path.join(run.folder, f"{role}.log")
        for old in (self.statistics, self.log):
            if os.path.exists(old):
                os.unlink(old)
        injected = os.path.join(run.folder, f"{role}-ports.csv")
        with open(injected, "w") as file:
            file.write("SEQUENTIAL\n" + "".join(f"{number};\n" for number in ports))
        self.process = run.start(f"sipp-{role}", [
            installed("sipp"), f"{target}:{SIP_PORT}", "-sf", os.path.join(here, "sipp", f"{role}.xml"), "-inf", injected,
            "-i", address, "-p", port, "-mi", address, "-m", calls, "-nostdin", "-timeout", f"{limit}s", "-timeout_error",
            "-cid_str", "%u-%p@%s", "-trace_stat", "-fd", "1", "-stf", self.statistics, "-trace_logs", "-log_file", self.log,
            "-trace_err", "-error_file", os.path.join(run.folder, f"{role}.err"), *more])

    def finish(self, seconds):
        """Waits for the end; (calls made, calls failed, retransmissions)."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            processes.end(self.process, patience=2)
        return self.counts()

    def counts(self):
        try:
            with open(self.statistics, newline="") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        except FileNotFoundError:
            rows = []
        if not rows:
            raise Trouble(f"{self.process.name} left no statistics:\n{processes.last_words(self.process)}")
        last = {key: value for key, value in rows[-1].items() if key}
        return (int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]), int(last["Retransmissions(C)"]))

    def noted(self, word):
        """Lines that the scenario wrote with <log>: WORD OWN-PORT REMOTE-HOST REMOTE-PORT."""
        try:
            with open(self.log) as file:
                lines = [line.split() for line in file]
        except FileNotFoundError:
            return []
        return [(int(own), host, int(port)) for first, own, host, port in (x for x in lines if len(x) == 4) if first == word]


def agents(run, here, server, address, ports, calls, limit):
    """Agents for `calls` calls; returns when they listen."""
    sipp = Sipp(run, here, "agent", address, AGENT_PORT, server.address, ports, calls, limit)
    wait_until("the agents listen", 10, lambda: processes.udp_bound(address, AGENT_PORT), sipp.process)
    return sipp


def callers(run, here, server, address, ports, calls, limit, rate, talk_ms):
    """Callers of 2000: `calls` calls at `rate` a second, each talking for `talk_ms`."""
    more = ("-s", "2000", "-r", rate, "-d", talk_ms)
    return Sipp(run, here, "caller", address, CALLER_PORT, server.address, ports, calls, limit, more)


def cost_of_a_call(run, here, server, addresses, rate, calls, talk_ms):
    """One measurement: a dictionary of what it took."""
    limit = int(calls / rate + talk_ms / 1000 + 30)
    records_before = len(records(server))
    machine = processes.Machine()
    agent = agents(run, here, server, addresses["agents"], [SINK_PORT], calls, limit)
    cpu, at = server.cpu(), time.monotonic()
    caller = callers(run, here, server, addresses["callers"], [SINK_PORT], calls, limit, rate, talk_ms)
    made, failed, repeated = caller.finish(limit + 10)
    answered, _, repeated_by_agents = agent.finish(5)
    time.sleep(SETTLE_SECONDS)
    used = server.cpu() - cpu - server.idle * (time.monotonic() - at)
    others = machine.others()
    server.check()
    failures = max(calls - made, calls - answered, failed)
    if server.name == "huntline":
        failures = max(failures, calls - sum(record["cause"] == "answered" for record in records(server)[records_before:]))
    return {"cost_us": used / calls * 1e6, "count": calls, "failures": failures, "others": others, "idle": server.idle,
            "repeated": repeated + repeated_by_agents, "cpu_seconds": used}


def records(server):
    """Huntline's own records of finished calls."""
    found = []
    for path in sorted(glob.glob(os.path.join(getattr(server, "data", ""), "calls-*"))):
        with open(path) as file:
            found.extend(json.loads(line) for line in file)
    return found
