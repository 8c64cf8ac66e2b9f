"""The servers that bench/run measures: each in a folder of its own, on a free loopback port, ended by its id."""
import base64
import datetime
import glob
import json
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

START_SECONDS_MAX = 120  # redis reads a million leases in 15 s on a quiet machine
STOP_SECONDS_MAX = 30

# What licetd does for a lease, said to redis: a counter of seats for each feature, a hash of leases, an ordered set of
# their ends. As in licetd, the end is the server's, the same id again is the same lease, a check-in says the id only.
CHECKOUT_LUA = """
local id, feature, holder = ARGV[1], ARGV[2], ARGV[3]
local lease = feature .. ' ' .. holder
local held = redis.call('HGET', KEYS[1], id)
if held then
    return held == lease and 1 or redis.error_reply('CONFLICT this lease is of another feature or holder')
end
if redis.call('INCR', 'seats:' .. feature) > tonumber(ARGV[4]) then
    redis.call('DECR', 'seats:' .. feature)
    return redis.error_reply('NOSEAT every seat is in use')
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], id, lease)
redis.call('ZADD', KEYS[2], now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[5], id)
return 1
"""
RENEW_LUA = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
    return redis.error_reply('NOTFOUND there is no such lease')
end
local now = redis.call('TIME')
redis.call('ZADD', KEYS[2], now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[2], ARGV[1])
return 1
"""
CHECKIN_LUA = """
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease then
    return redis.error_reply('NOTFOUND there is no such lease')
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DECR', 'seats:' .. string.match(lease, '^[^ ]+'))
return 1
"""


class Failure(Exception):
    """Something did not work; the text says what."""


def raise_descriptor_limit():
    """As many connections as this machine lets us have; the number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_ordinary_user(command):
    """licetd refuses to run as root; redis-server gets the same."""
    if os.geteuid() != 0:
        return command
    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *command]


def give_to_ordinary_user(path):
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def command(*arguments):
    """A RESP command as bytes."""
    parts = [f"*{len(arguments)}\r\n".encode()]
    for argument in arguments:
        data = argument.encode() if isinstance(argument, str) else argument
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def read_reply(stream):
    """One RESP reply; an error reply is raised."""
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise Failure("the server closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise Failure(rest.decode(errors="replace"))
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return [read_reply(stream) for _ in range(int(rest))]
    return rest.decode()


class Server:
    """A process that listens on `port`, with its data in `folder`."""

    name = ""
    load_arguments = ()

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        os.mkdir(folder, 0o700)
        give_to_ordinary_user(folder)

    def command_line(self):
        raise NotImplementedError

    def start(self, probe=("PING",)):
        """Returns the seconds until `probe` was answered."""
        began = time.monotonic()
        with open(self.folder + ".log", "ab") as log:
            self.process = subprocess.Popen(as_ordinary_user(self.command_line()), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        while True:
            try:
                self.ask(*probe)
                return time.monotonic() - began
            except (OSError, Failure) as error:
                if self.process.poll() is not None or time.monotonic() - began > START_SECONDS_MAX:
                    raise Failure(f"{self.name} does not start: {error}\n{self.log_end()}") from error
                time.sleep(0.002)

    def log_end(self):
        with open(self.folder + ".log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-5:])

    def ask(self, *arguments):
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(command(*arguments))
            return read_reply(connection.makefile("rb"))

    def stop(self, number=signal.SIGTERM):
        """Ends the process and waits for it; where it does not end by itself, with force."""
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def memory_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.MULTILINE).group(1)) * 1024


class Redis(Server):
    """`durability` is "always", "no" (an append-only file that is not synced) or "none" (nothing on disk)."""

    def __init__(self, folder, durability, connections_max):
        super().__init__(folder)
        self.name = f"redis-server (append-only file: {durability})"
        self.durability = durability
        self.connections_max = connections_max

    def command_line(self):
        files = ["--appendonly", "no"] if self.durability == "none" else \
            ["--appendonly", "yes", "--appendfsync", self.durability]
        return ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.folder, "--save", "",
                "--daemonize", "no", "--auto-aof-rewrite-percentage", "0",
                "--maxclients", str(self.connections_max), "--tcp-backlog", "4096", *files]

    def start(self, probe=("PING",)):
        seconds = super().start(probe)
        checkout, renew, checkin = (self.ask("SCRIPT", "LOAD", script).decode()
                                    for script in (CHECKOUT_LUA, RENEW_LUA, CHECKIN_LUA))
        self.load_arguments = ("--server", "redis", "--checkout", checkout, "--renew", renew, "--checkin", checkin)
        return seconds

    def forget(self):
        """Nothing of an earlier cell lies in memory."""
        self.ask("FLUSHALL")

    def leases(self):
        return self.ask("HLEN", "leases")

    def rewrite(self):
        """The append-only file becomes a snapshot, as redis makes of it by itself when it has grown."""
        self.ask("BGREWRITEAOF")
        while re.search(rb"aof_rewrite_(in_progress|scheduled):1", self.ask("INFO", "persistence")):
            time.sleep(0.1)


class Vendor:
    """A vendor's keys, and license files made with `licet` as a vendor makes them."""

    def __init__(self, licet, folder, name):
        self.licet, self.folder, self.name = licet, folder, name
        os.mkdir(folder, 0o755)
        root, issuing = self.path("root"), self.path("issuing")
        today = datetime.date.today()
        self.run("key", "root", "-f", root)
        self.run("key", "issuing", "-f", issuing)
        self.run("key", "certify", "--root", root, "--vendor", name, "--from", str(today - datetime.timedelta(days=1)),
                 "--to", str(today + datetime.timedelta(days=365)), issuing + ".pub")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        done = subprocess.run([self.licet, *arguments], check=False, capture_output=True)
        if done.returncode != 0:
            raise Failure(f"licet {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def license(self, server_key, pools):
        """A signed file: `pools` features f00000, f00001, ... of many seats; leases hold for an hour."""
        issued = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = ["# Licet license file. Every line is signed: do not edit.",
                 f"LICENSE 1 vendor={self.name} customer=C-1 generation=1 issued={issued} serial=BENCH1",
                 f"SERVER bench id=S-1 key={server_key}"]
        lines += [f"INCREMENT f{pool:05} sn=B-{pool} seats=100000000 maintenance=none expiry=permanent ttl=3600s"
                  for pool in range(pools)]
        draft, formatted = self.path("draft"), self.path("formatted")
        with open(draft, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        with open(formatted, "wb") as file:
            file.write(self.run("file", "format", draft))
        return self.run("file", "sign", "-k", self.path("issuing"), formatted)


class Licetd(Server):
    """licetd with a license file of each vendor installed."""

    name = "licetd"
    load_arguments = ("--server", "licet")

    def __init__(self, folder, program, vendors):
        super().__init__(folder)
        self.program, self.vendors = program, vendors
        self.token = None

    def command_line(self):
        roots = [f"--root={vendor.name}={vendor.path('root.pub')}" for vendor in self.vendors]
        return [self.program, "--state", self.folder, "--name", "bench", "--listen", f"127.0.0.1:{self.port}",
                "--grants-a-second", "1000000000", "--leases-of-source", "8000000", *roots]

    def http(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        if self.token is not None:
            request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", "application/json" if body[:1] == b"{" else "text/plain")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise Failure(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error

    def install(self, pools):
        """The first administrator comes in with the one-time token and installs a file of each vendor."""
        with open(glob.glob(os.path.join(self.folder, "**", "first-token"), recursive=True)[0],
                  encoding="ascii") as file:
            first = file.read().strip()
        body = {"token": first, "name": "bench", "password": base64.b64encode(os.urandom(15)).decode()}
        self.token = json.loads(self.http("POST", "/administrators", json.dumps(body).encode()))["token"]
        key = self.status()["key"]
        for vendor in self.vendors:
            self.http("POST", "/license/install", vendor.license(key, pools))

    def status(self):
        return json.loads(self.http("GET", "/status"))

    def leases(self):
        return self.status()["leases"]


def copy_program(source, folder):
    """To where an ordinary user may run it; the sources may lie in a home that is closed to others."""
    target = os.path.join(folder, os.path.basename(source))
    shutil.copy(source, target)
    os.chmod(target, 0o755)
    return target
