"""What the tests of a real licetd share: a vendor, its license files, a server to start and kill, raw RESP and HTTP.

A test is a program of functions given to run(); each makes what it needs and leaves no process behind, whatever
happens: a server dies with the test (parent death signal), and run() stops those that a test forgot.

License files are signed here by stock ssh-keygen and printed by fifteen lines of our own: whoever makes hostile files
must not be held back by the tool that refuses to make them.
"""
import base64
import contextlib
import hashlib
import json
import os
import pwd
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))

from tap import done, ok, skip  # noqa: E402  (tests import them from here)

BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(ROOT, "build")
LICETD = os.path.join(BUILD, "src", "main", "licetd")
LICET = os.path.join(BUILD, "src", "main", "licet")
WAIT_SECONDS = 10  # for what takes milliseconds on an idle machine

HEADING = "# Licet license file. Every line is signed: do not edit.\n"
ARMOR = "-----BEGIN SSH SIGNATURE-----\n"
PASSWORD = "correct horse battery"


# ---- the test's own folder, readable for the ordinary user that licetd runs as

_folder = tempfile.TemporaryDirectory(prefix="licet-test-")
FOLDER = _folder.name
os.chmod(FOLDER, 0o755)
USER = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def path_of(name):
    return os.path.join(FOLDER, name)


def program(path):
    """A copy that every user may run: the build may lie in a folder of one user."""
    copy = path_of(os.path.basename(path))
    if not os.path.exists(copy):
        shutil.copy(path, copy)
        os.chmod(copy, 0o755)
    return copy


def give_away(path):
    if os.getuid() == 0:
        os.chown(path, USER.pw_uid, USER.pw_gid)


def new_folder(name="state"):
    """A private folder of the user that licetd runs as."""
    folder = tempfile.mkdtemp(prefix=name + "-", dir=FOLDER)
    give_away(folder)
    return folder


def as_user(*command):
    """As the ordinary user, and not longer alive than this test."""
    keep = ["setpriv", "--pdeathsig", "KILL"]
    if os.getuid() == 0:
        keep += ["--reuid", str(USER.pw_uid), "--regid", str(USER.pw_gid), "--clear-groups"]
    return keep + list(command)


# ---- a vendor and its license files

def ssh_keygen(*arguments, text=None):
    run = subprocess.run(["ssh-keygen", *arguments], check=False, capture_output=True, text=True, input=text)
    if run.returncode != 0:
        raise RuntimeError(f"ssh-keygen {' '.join(arguments)}: {run.stderr}")
    return run.stdout


def print_line(*words):
    """Words of one line, wrapped before the one that would pass column 76 (R2.3)."""
    text, column = "", 0
    for index, word in enumerate(words):
        last = index == len(words) - 1
        if index == 0:
            text, column = word, len(word)
        elif column + 1 + len(word) + (0 if last else 2) > 76:
            text, column = text + " \\\n    " + word, 4 + len(word)
        else:
            text, column = text + " " + word, column + 1 + len(word)
    return text + "\n"


class Vendor:
    """A root key, an issuing key certified by it, and what they sign."""

    def __init__(self, name="acme", **certificate):
        self.name = name
        self.folder = new_folder("vendor-" + name)
        self.serial = 0
        os.chmod(self.folder, 0o755)
        for key in ("root", "issuing"):
            ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", key, "-f", os.path.join(self.folder, key))
        self.root = os.path.join(self.folder, "root.pub")
        self.certify(**certificate)

    def certify(self, principal=None, dates="20260101000000Z:20360101000000Z"):
        ssh_keygen("-q", "-s", os.path.join(self.folder, "root"), "-I", "issuing", "-z", "1", "-n",
                   principal or f"licensing@{self.name}", "-V", dates, os.path.join(self.folder, "issuing.pub"))

    def sign(self, payload, namespace="license@licet"):
        return payload + ssh_keygen("-Y", "sign", "-q", "-f", os.path.join(self.folder, "issuing-cert.pub"), "-n",
                                    namespace, text=payload)

    def payload(self, server_key, generation, lines, server="london-lic01", customer="C-1", issued=None):
        self.serial += 1
        issued = issued or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return HEADING + print_line(
            "LICENSE", "1", f"vendor={self.name}", f"customer={customer}", f"generation={generation}",
            f"issued={issued}", f"serial=T{self.serial}") + print_line(
                "SERVER", server, "id=S-1", f"key={server_key}") + "".join(lines)

    def license(self, holder, generation, *lines, **head):
        """A signed file for the licetd `holder`."""
        return self.sign(self.payload(holder.key, generation, lines, **head))


def increment(feature="cad_pro", seats=3, sn="L-1", maintenance="2027-11-24", expiry="permanent", **fields):
    """An INCREMENT line; further fields in the order of docs/rules.md 2.2, `_` for `-`, a list for repeated keys."""
    words = ["INCREMENT", feature, f"sn={sn}"]
    words += [f"{key}={fields.pop(key)}" for key in ("type", "model") if key in fields]
    words += [f"seats={seats}"] if seats is not None else []
    words += [f"start={fields.pop('start')}"] if "start" in fields else []
    words += [f"maintenance={maintenance}", f"expiry={expiry}"]
    for key, value in fields.items():
        values = value if isinstance(value, list) else [value]
        words += [f"{key.replace('_', '-')}={item}" for item in values]
    return print_line(*words)


def payload_of(file):
    return file.partition(ARMOR)[0]


def payload_hash(file):
    digest = hashlib.sha256(payload_of(file).encode()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


# ---- RESP

class ReplyError(Exception):
    """An error reply; `word` is its first word."""

    def __init__(self, text):
        super().__init__(text)
        self.word = text.split(" ")[0]

    def __eq__(self, other):
        return isinstance(other, ReplyError) and str(self) == str(other)


class Closed(Exception):
    """The server closed the connection."""


def command_bytes(*arguments):
    parts = [argument if isinstance(argument, bytes) else str(argument).encode() for argument in arguments]
    return b"".join([b"*%d\r\n" % len(parts)] + [b"$%d\r\n%s\r\n" % (len(part), part) for part in parts])


class Connection:
    """One TCP connection that speaks RESP as the test likes; `source` is the address it calls from."""

    def __init__(self, address, source=None, timeout=WAIT_SECONDS):
        self.socket = socket.create_connection(address, timeout, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def call(self, *arguments):
        """The reply; an error reply is returned, not raised: tests look at both."""
        self.send(command_bytes(*arguments))
        return self.read()

    def read(self):
        try:
            line = self.file.readline()
        except ConnectionResetError:
            line = b""
        if not line.endswith(b"\r\n"):
            raise Closed(line)
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode(errors="surrogateescape")
        if kind == b"-":
            return ReplyError(rest.decode(errors="surrogateescape"))
        if kind == b":":
            return int(rest)
        if kind == b"_":
            return None
        if kind == b"$":
            return self.read_bulk(int(rest))
        if kind == b"*":
            return None if int(rest) < 0 else [self.read() for _ in range(int(rest))]
        if kind == b"%":
            return {self.read(): self.read() for _ in range(int(rest))}
        raise AssertionError(f"this is no RESP: {line!r}")

    def read_bulk(self, size):
        if size < 0:
            return None
        data = self.file.read(size + 2)
        if len(data) != size + 2:
            raise Closed(data)
        return data[:-2].decode(errors="surrogateescape")

    def read_all(self):
        """Everything until the server closes; None where it does not within the timeout."""
        try:
            return self.file.read()
        except socket.timeout:
            return None
        except ConnectionResetError:
            return b""

    def is_closed_by_peer(self):
        return self.read_all() is not None


def word_of(reply):
    """GRANTED, ENDED, NOSEAT, ...: what a program looks at."""
    return reply.word if isinstance(reply, ReplyError) else reply[0] if isinstance(reply, list) else reply


def as_maps(rows):
    """Rows of FEATURES and LEASES under RESP2: lists of keys and values."""
    return [dict(zip(row[::2], row[1::2])) if isinstance(row, list) else row for row in rows]


def new_id():
    return secrets.token_hex(16)


# ---- HTTP

class Answer:
    """An HTTP answer: status, headers with lower-case names, body; json where it is."""

    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        match = re.match(r"HTTP/1\.[01] (\d{3})", lines[0])
        self.status = int(match.group(1)) if match else 0
        self.headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
        self.text = self.body.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.text[:400]}"


def own_address():
    """An address of this machine that is not loopback; None where it has none."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # documentation's network: nothing is sent by this
        address = probe.getsockname()[0]
    except OSError:
        address = "127.0.0.1"
    finally:
        probe.close()
    return None if address.startswith("127.") else address


def http_exchange(address, data, timeout=WAIT_SECONDS, source=None):
    """Sends bytes as they are, gives back all that comes until the server closes or is silent for `timeout`."""
    answer = b""
    with socket.create_connection(address, timeout, source_address=(source, 0) if source else None) as peer:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            peer.sendall(data)
        with contextlib.suppress(ConnectionResetError, socket.timeout):
            while part := peer.recv(65536):
                answer += part
    return answer


def request_bytes(method, target, body=b"", headers=()):
    names = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [] if "host" in names else ["Host: 127.0.0.1"]
    lines += ["Connection: close"] + [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


# ---- licetd

_servers = []


class Server:
    """One licetd with a state folder of its own. As a context it is stopped at the end."""

    def __init__(self, vendors, *options, state=None, listen="127.0.0.1:0", name="london-lic01"):
        self.vendors = [vendors] if isinstance(vendors, Vendor) else list(vendors)
        self.options = list(options)
        self.state = state or new_folder()
        self.listen = listen
        self.name = name
        self.log_path = tempfile.mkstemp(prefix="log-", dir=FOLDER)[1]
        self.process = None
        self.token = None
        self.environment = {}  # beside this test's own
        _servers.append(self)

    def __enter__(self):
        return self if self.is_running() else self.start()

    def __exit__(self, kind, *_):
        if self.is_running() and self.stop() != 0 and kind is None:
            raise RuntimeError(f"licetd was asked to stop and ended with {self.process.returncode}")
        if kind is None and self.process is not None and self.process.returncode > 0:
            raise RuntimeError(f"licetd ended by itself with {self.process.returncode}")

    def command(self):
        roots = [f"--root={vendor.name}={vendor.root}" for vendor in self.vendors]
        return as_user(program(LICETD), "--state", self.state, "--listen", self.listen, "--name", self.name, *roots,
                       *self.options)

    def act(self, verb):
        """`licetd check` or `licetd repair` on this state, which no server is using now."""
        return subprocess.run(as_user(program(LICETD), verb, "--state", self.state), check=False, capture_output=True,
                              text=True, cwd=FOLDER, timeout=WAIT_SECONDS)

    def spawn(self):
        self.log_start = os.path.getsize(self.log_path)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=FOLDER, env={**os.environ, **self.environment})

    def start(self):
        self.spawn()
        self.wait_for_log(r"\bserver\.serving\b")
        self.addresses = [(host.strip("[]"), int(port)) for host, port in
                          re.findall(r"\bserver\.listening\b.*?address=\"?(\S+):(\d+)", self.log())]
        self.address = self.addresses[0]
        return self

    def log(self):
        """What it has written since its last start."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            log.seek(self.log_start)
            return log.read()

    def wait_for_log(self, pattern):
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            match = re.search(pattern, self.log())
            if match:
                return match
            if self.process.poll() is not None:
                raise RuntimeError(f"licetd ended with {self.process.returncode}:\n{self.log()}")
            time.sleep(0.005)
        raise RuntimeError(f"licetd did not say {pattern}:\n{self.log()}")

    def wait_end(self):
        """Its exit code; negative: the signal that killed it."""
        return self.process.wait(WAIT_SECONDS)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def end(self, number):
        if self.is_running():
            self.process.send_signal(number)
            try:
                self.wait_end()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def stop(self):
        return self.end(signal.SIGTERM)

    def kill(self):
        return self.end(signal.SIGKILL)

    @property
    def pid(self):
        return self.process.pid

    def memory_kib(self, field="VmRSS"):
        """Resident now; VmHWM: the most it has ever been."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"{field}:\s+(\d+)", file.read()).group(1))

    # what is asked of it

    @property
    def key(self):
        return self.get("/status").json["key"]

    def connect(self, **options):
        return Connection(self.address, **options)

    def call(self, *arguments):
        with self.connect() as connection:
            return connection.call(*arguments)

    def raw_http(self, data, **options):
        return http_exchange(self.address, data, **options)

    def http(self, method, target, body=b"", headers=(), token=None, **options):
        body = body.encode() if isinstance(body, str) else body
        headers = list(headers) + ([("Authorization", f"Bearer {token}")] if token else [])
        return Answer(self.raw_http(request_bytes(method, target, body, headers), **options))

    def get(self, target, **options):
        return self.http("GET", target, **options)

    def post(self, target, body=b"", **options):
        if isinstance(body, dict):
            body = json.dumps(body)
        return self.http("POST", target, body, **options)

    def first_token(self):
        with open(os.path.join(self.state, "first-token"), encoding="ascii") as file:
            return file.read().strip()

    def administrator(self):
        """The token of an administrator, made on first use."""
        if self.token is None:
            answer = self.post("/administrators", {"token": self.first_token(), "name": "root", "password": PASSWORD})
            self.token = answer.json["token"]
        return self.token

    def token_of(self, role):
        """None for a product, else the token of a viewer or an administrator."""
        if role == "product":
            return None
        self.administrator()
        answer = self.post("/tokens", {"name": "root", "password": PASSWORD, "role": role, "days": 1})
        return answer.json["token"]

    def install(self, file, confirm=True):
        target = "/license/install" + ("?hash=" + quote(payload_hash(file)) if confirm else "")
        return self.post(target, file, token=self.administrator())

    def serve(self, *lines, generation=1, vendor=None):
        """Installs a file with these lines; fails the test where that is refused."""
        answer = self.install((vendor or self.vendors[0]).license(self, generation, *lines))
        if answer.status != 200:
            raise RuntimeError(f"the file is refused: {answer}\n{self.log()}")
        return self

    def features(self):
        return {row["feature"]: row for row in as_maps(self.call("FEATURES")[1])}


def quote(text):
    return text.replace("%", "%25").replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


# ---- licet

def environment(server, home, **more):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LICET_", "XDG_"))}
    return {**env, "LICET_SERVER": "%s:%d" % server.address, "XDG_CONFIG_HOME": home, **more}


def licet(server, home, *arguments, text="", **more):
    """The command of people, for a server or a portal, with its token under `home`."""
    return subprocess.run([LICET, *arguments], env=environment(server, home, **more), input=text, check=False,
                          capture_output=True, text=True, timeout=60)


def raise_fd_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


# ---- running

def run(*tests):
    """Each test on its own: an exception is one failed test, and its servers end with it."""
    for test in tests:
        try:
            test()
        except Exception:  # noqa: BLE001  (reported)
            logs = "\n".join(server.log()[-2000:] for server in _servers if server.process is not None)
            ok(False, f"{test.__name__} runs to its end", traceback.format_exc() + logs)
        while _servers:
            server = _servers.pop()
            if server.is_running():
                server.kill()
    _folder.cleanup()
    done()
