"""The second row: what relaying one RTP packet costs. Huntline's calls are made by SIPp; rtpengine is asked over its ng protocol."""

import json
import os
import secrets
import socket
import subprocess
import time

import calls as telephones
import processes
from processes import Trouble, wait_until
from servers import CONTROL_PORT

FIRST_PORT = 20000
#: Calls a second while the calls are set up.
SETUP_RATE = 50
WARM_UP_SECONDS = 2
OFFER = """v=0\r
o=- 53655765 2353687637 IN IP4 {address}\r
s=-\r
c=IN IP4 {address}\r
t=0 0\r
m=audio {port} RTP/AVP 8 101\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
"""


def pacer(root, run):
    """Builds the RTP pacer with the project's own compiler unless it is there and newer than its source."""
    source = os.path.join(root, "benches", "load", "paced_rtp.rs")
    folder = os.path.join(root, os.environ.get("CARGO_TARGET_DIR", "target"), "load")
    program = os.path.join(folder, "paced_rtp")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        os.makedirs(folder, exist_ok=True)
        fresh = f"{program}.{os.getpid()}"
        result = subprocess.run(["rustc", "--edition", "2024", "-O", source, "-o", fresh], capture_output=True, text=True,
                                cwd=root)
        if result.returncode:
            raise Trouble(f"the RTP pacer does not compile:\n{result.stderr}")
        os.replace(fresh, program)
    return program


def media_ports(count):
    return [FIRST_PORT + 2 * number for number in range(count)]


def paced(run, program, server, streams, seconds):
    """Sends on all streams; what the pacer counted."""
    machine = processes.Machine()
    listing = "".join(f"{local} {port} {remote} {remote_port}\n" for local, port, remote, remote_port in streams)
    with open(os.path.join(run.folder, "streams"), "w") as file:
        file.write(listing)
    with open(os.path.join(run.folder, "streams")) as file, open(os.path.join(run.folder, "paced.json"), "wb") as out:
        process = subprocess.Popen([program, str(server.process.pid), str(WARM_UP_SECONDS), str(seconds)], stdin=file,
                                   stdout=out, stderr=subprocess.PIPE, start_new_session=True)
        process.name = "paced_rtp"
        run.started.append(process)
        try:
            _, errors = process.communicate(timeout=WARM_UP_SECONDS + seconds + 20)
        except subprocess.TimeoutExpired:
            raise Trouble("the RTP pacer did not come to its end") from None
    if process.returncode:
        raise Trouble(f"the RTP pacer failed: {errors.decode(errors='replace').strip()}")
    with open(os.path.join(run.folder, "paced.json")) as file:
        seen = json.load(file)
    seen["others"] = machine.others()
    return seen


def measurement(server, seen, failures):
    if seen["received"] == 0:
        raise Trouble(f"{server.name} relayed nothing")
    used = seen["cpu_ns"] / 1e9 - server.idle * seen["seconds"]
    return {"cost_us": used / seen["received"] * 1e6, "count": seen["received"], "others": seen["others"],
            # Who hears nothing at all has no call.
            "failures": failures + seen["silent"], "idle": server.idle, "cpu_seconds": used, "sent": seen["sent"],
            # Packets on the way at either end of the window are neither.
            "lost": max(0, seen["sent"] - seen["received"]), "breaks": seen["breaks"],
            "late_max_ms": seen["late_max_ms"]}


def through_huntline(run, here, program, server, addresses, count, seconds):
    """`count` calls to the queue, each joined with an agent, sound both ways."""
    ports = media_ports(count)
    setup = count / SETUP_RATE
    talk = setup + WARM_UP_SECONDS + seconds + 3
    limit = int(talk + setup + 30)
    agent = telephones.agents(run, here, server, addresses["agents"], ports, count, limit)
    caller = telephones.callers(run, here, server, addresses["callers"], ports, count, limit, SETUP_RATE, int(talk * 1000))
    wait_until("all calls have an agent", setup + 15, lambda: len(caller.noted("answered")) == count
               and len(agent.noted("rung")) == count, caller.process, agent.process)
    time.sleep(0.5)  # The last agent answers 50 ms after ringing.
    streams = [(addresses["callers"], own, host, port) for own, host, port in caller.noted("answered")]
    streams += [(addresses["agents"], own, host, port) for own, host, port in agent.noted("rung")]
    seen = paced(run, program, server, streams, seconds)
    made, failed, _ = caller.finish(talk + 15)
    answered, _, _ = agent.finish(5)
    server.check()
    return measurement(server, seen, max(count - made, count - answered, failed))


def through_rtpengine(run, program, server, addresses, count, seconds):
    """`count` sessions by offer and answer, as a SIP proxy beside it would ask for them."""
    control = Control(server.address, addresses["control"])
    streams, sessions = [], []
    for port in media_ports(count):
        session = {"call-id": secrets.token_hex(8), "from-tag": secrets.token_hex(4)}
        options = {"ICE": "remove", "replace": ["origin", "session-connection"]}
        offer = OFFER.format(address=addresses["callers"], port=port)
        to_agent = control.ask({"command": "offer", "sdp": offer, **session, **options})
        session["to-tag"] = secrets.token_hex(4)
        answer = OFFER.format(address=addresses["agents"], port=port)
        to_caller = control.ask({"command": "answer", "sdp": answer, **session, **options})
        sessions.append(session)
        streams.append((addresses["callers"], port, *place(to_caller)))
        streams.append((addresses["agents"], port, *place(to_agent)))
    # First all callers, then all agents, as on the other side.
    streams = streams[::2] + streams[1::2]
    seen = paced(run, program, server, streams, seconds)
    for session in sessions:
        control.ask({"command": "delete", "delete-delay": 0, **session})
    control.close()
    server.check()
    return measurement(server, seen, 0)


def place(reply):
    """Where the SDP of a reply wants the sound sent."""
    lines = reply["sdp"].splitlines()
    host = next(line.split()[2] for line in lines if line.startswith("c="))
    port = next(line.split()[1] for line in lines if line.startswith("m=audio"))
    return host, int(port)


class Control:
    """The ng protocol: a cookie, a blank and a bencoded dictionary in a datagram each way."""

    def __init__(self, server, own):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((own, 0))
        self.socket.connect((server, CONTROL_PORT))
        self.socket.settimeout(5)

    def ask(self, request):
        # A new cookie each time: answers are kept by cookie for a while, and an old one would be repeated.
        cookie = secrets.token_hex(8).encode()
        self.socket.send(cookie + b" " + bencode(request))
        while True:
            try:
                echoed, _, body = self.socket.recv(65536).partition(b" ")
            except TimeoutError:
                raise Trouble(f"rtpengine does not answer {request['command']}") from None
            if echoed == cookie:
                break
        reply, _ = bdecode(body, 0)
        if reply.get("result") != "ok":
            raise Trouble(f"rtpengine refuses {request['command']}: {reply}")
        return reply

    def close(self):
        self.socket.close()


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        raw = value.encode()
        return b"%d:%s" % (len(raw), raw)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def bdecode(raw, at):
    """(value, where the next begins)."""
    kind = raw[at:at + 1]
    if kind == b"i":
        stop = raw.index(b"e", at)
        return int(raw[at + 1:stop]), stop + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while raw[at:at + 1] != b"e":
            item, at = bdecode(raw, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = raw.index(b":", at)
    stop = colon + 1 + int(raw[at:colon])
    return raw[colon + 1:stop].decode("utf-8", "replace"), stop
