"""The servers that are measured: Huntline, Kamailio as a stateful proxy, rtpengine in user space. Each on an address of its own."""

import os
import re
import subprocess
import time

import processes
from processes import Trouble, installed, wait_until

SIP_PORT, AGENT_PORT, CONTROL_PORT = 5060, 5090, 2223
KAMAILIO_MODULES = ("/usr/lib/x86_64-linux-gnu/kamailio/modules", "/usr/lib/aarch64-linux-gnu/kamailio/modules",
                    "/usr/lib/kamailio/modules", "/usr/lib64/kamailio/modules")
KAMAILIO_CONFIGURATION = """\
debug=0
log_stderror=yes
children={children}
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{address}:{port}
mpath="{modules}"
loadmodule "sl"
loadmodule "tm"
loadmodule "rr"
loadmodule "pv"
loadmodule "maxfwd"
loadmodule "textops"
loadmodule "siputils"
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK") && t_check_trans()) {{ t_relay(); }}
    exit;
  }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  t_check_trans();
  if (is_method("INVITE")) record_route();
  $du = "sip:{agents}:{agent_port}";
  if (!t_relay()) sl_reply_error();
}}
"""


class Server:
    """A running server. `address` is where it takes calls, `pids` whose CPU time is its."""

    def __init__(self, name, process, address):
        self.name, self.process, self.address = name, process, address
        self.pids = processes.family(process.pid)
        self.idle = 0.0

    def cpu(self):
        return processes.cpu_seconds(self.pids)

    def measure_idle(self, seconds):
        """CPU seconds a second with nothing to do: taken off from what is measured later."""
        before, at = self.cpu(), time.monotonic()
        time.sleep(seconds)
        self.idle = (self.cpu() - before) / (time.monotonic() - at)

    def check(self):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} ended ({self.process.returncode}):\n{processes.last_words(self.process)}")


def huntline(run, root, binary, address, agents):
    """`config/load.toml`, moved to the run's own addresses; nothing else is changed."""
    with open(os.path.join(root, "config", "load.toml")) as file:
        text = file.read()
    text = text.replace(f"@127.0.0.1:{AGENT_PORT}", f"@{agents}:{AGENT_PORT}").replace("127.0.0.1", address)
    text = text.replace('directory = "prompts"', f'directory = "{root}/config/prompts"')
    data = os.path.join(run.folder, "data")
    text += f'\n[process]\ndata = "{data}"\n'
    configuration = os.path.join(run.folder, "load.toml")
    with open(configuration, "w") as file:
        file.write(text)
    process = run.start("huntline", [binary, "serve", "--config", configuration])

    def ready():
        with open(process.log, errors="replace") as log:
            return any(line.startswith("ready:") for line in log)

    wait_until("Huntline says that it is ready", 20, ready, process)
    server = Server("huntline", process, address)
    server.data = data
    return server


def kamailio(run, address, agents):
    """A stateful proxy that records its route and sends everything to the agents. No log, no TCP, a worker a processor."""
    modules = next((path for path in KAMAILIO_MODULES if os.path.isdir(path)), KAMAILIO_MODULES[0])
    configuration = os.path.join(run.folder, "kamailio.cfg")
    with open(configuration, "w") as file:
        file.write(KAMAILIO_CONFIGURATION.format(address=address, port=SIP_PORT, modules=modules, agents=agents,
                                                 agent_port=AGENT_PORT, children=os.cpu_count()))
    process = run.start("kamailio", [installed("kamailio"), "-DD", "-E", "-m", "256", "-M", "8", "-f", configuration,
                                     "-Y", run.folder, "-P", os.path.join(run.folder, "kamailio.pid")])
    wait_until("Kamailio listens", 20, lambda: processes.udp_bound(address, SIP_PORT), process)
    time.sleep(1.0)  # Its workers come after its sockets.
    return Server("kamailio", process, address)


def rtpengine(run, address):
    """In user space (no kernel table), as many threads as it likes, errors logged only."""
    process = run.start("rtpengine", [
        installed("rtpengine"), "--table=-1", "--foreground", "--log-stderr", "--log-level=3", f"--interface={address}",
        f"--listen-ng={address}:{CONTROL_PORT}", "--port-min=20000", "--port-max=31999",
        f"--pidfile={run.folder}/rtpengine.pid"])
    wait_until("rtpengine listens", 20, lambda: processes.udp_bound(address, CONTROL_PORT), process)
    return Server("rtpengine", process, address)


def version(program, *arguments):
    """The first version number that a program prints; None when it is not installed."""
    path = installed(program)
    if path is None:
        return None
    result = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=20)
    found = re.search(r"\d+(\.\d+)+\S*", result.stdout + result.stderr)
    return found.group(0) if found else "unknown version"
