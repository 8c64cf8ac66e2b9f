"""What tests of a real licet-signer share: its files, the program, frames over its socket, payloads of the three kinds."""
import base64
import contextlib
import hashlib
import os
import pwd
import signal
import socket
import struct
import subprocess
import time

from harness import BUILD, FOLDER, HEADING, USER, WAIT_SECONDS, Vendor, as_user, give_away, increment, new_folder, path_of, \
    print_line, program

SIGNER = os.path.join(BUILD, "src", "main", "licet-signer")
LICENSE, RESPONSE, CHECKPOINT, VOID, CERTIFICATE, LAST = range(2, 8)
OK, INVALID, NOT_FOUND, DISK_FULL, UNSUPPORTED, POLICY, CAP = 0, 1, 2, 26, 28, 32, 33
KEY = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
FRAME_MAX, ITEMS_MAX = 4 * 1024 * 1024, 128


def instant(offset=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


def license_payload(server="S-1", generation=1, serial=None, issued=None, lines=None, vendor="acme"):
    return HEADING + print_line(
        "LICENSE", "1", f"vendor={vendor}", "customer=C-1", f"generation={generation}", f"issued={issued or instant()}",
        f"serial={serial or f'{server}.{generation}'}") + print_line(
            "SERVER", "lon", f"id={server}", f"key={KEY}") + "".join(lines if lines is not None else [increment()])


def response_payload(request=b"request", server="S-1", issued=None, status="ok"):
    digest = "SHA256:" + base64.b64encode(hashlib.sha256(request).digest()).decode().rstrip("=")
    return print_line("RESPONSE", "1", "vendor=acme", f"server={server}", f"request={digest}",
                      f"issued={issued or instant()}") + print_line("RESULT", "1", status)


def checkpoint_payload(size, root=b"root", issued=None):
    digest = base64.b64encode(hashlib.sha256(root).digest()).decode().rstrip("=")
    return print_line("CHECKPOINT", "1", "vendor=acme", f"log={size}:{digest}", f"issued={issued or instant()}")


def certificate_hash(path):
    with open(path, encoding="ascii") as file:
        return hashlib.sha256(base64.b64decode(file.read().split()[1])).digest()


def item_bytes(act, certificate, payload=b"", reason=b""):
    payload = payload.encode() if isinstance(payload, str) else payload
    reason = reason.encode() if isinstance(reason, str) else reason
    return struct.pack(">B32sHI", act, certificate, len(reason), len(payload)) + reason + payload


class Silence(Exception):
    """The signer closed the connection without an answer."""


def read_exactly(read, size):
    data = b""
    while len(data) < size:
        part = read(size - len(data))
        if not part:
            raise Silence()
        data += part
    return data


def parse_answers(rest):
    """(status, text) of each item."""
    answers = []
    while rest:
        status, size = struct.unpack(">HI", rest[:6])
        answers.append((status, rest[6:6 + size].decode()))
        rest = rest[6 + size:]
    return answers


class Asker:
    """One connection to the socket."""

    def __init__(self, path, timeout=WAIT_SECONDS):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # taking the answer finds out
            self.socket.sendall(data)

    def ask(self, *items):
        """(status, text) of each item."""
        data = b"".join(items)
        self.send(struct.pack(">I", len(data)) + data)
        return self.answers()

    def answers(self):
        try:
            size = struct.unpack(">I", read_exactly(self.socket.recv, 4))[0]
            return parse_answers(read_exactly(self.socket.recv, size))
        except ConnectionResetError as error:
            raise Silence() from error


class Signer:
    """A licet-signer with a key, a journal and a socket of its own. As a context it serves until the end."""

    def __init__(self, *options, vendor=None, init=True, client=None):
        """`client` is a user that may ask; by default this test's own."""
        self.vendor = vendor or Vendor()
        client = str(client or pwd.getpwuid(os.getuid()).pw_name)
        self.options = ["--client", client, *options] if client != USER.pw_name else list(options)
        self.state = new_folder("signer")
        self.journal = os.path.join(self.state, "journal")
        self.path = os.path.join(self.state, "socket")
        self.log_path = path_of(os.path.basename(self.state) + ".log")
        self.process = None
        self.take_key()
        if init:
            self.init()

    def take_key(self):
        """The vendor's issuing key and certificate, for the signer's user alone."""
        for name, mode in (("issuing", 0o400), ("issuing-cert.pub", 0o444)):
            target = os.path.join(self.state, name)
            with open(os.path.join(self.vendor.folder, name), "rb") as source:
                data = source.read()
            if os.path.exists(target):
                os.remove(target)
            with open(target, "wb") as file:
                file.write(data)
            os.chmod(target, mode)
            give_away(target)
        self.certificate = certificate_hash(os.path.join(self.state, "issuing-cert.pub"))

    def run(self, *words):
        return subprocess.run(as_user(program(SIGNER), *words, "--state", self.state, *self.options), check=False,
                              capture_output=True, text=True, cwd=FOLDER, timeout=WAIT_SECONDS)

    def init(self):
        run = self.run("init")
        if run.returncode != 0:
            raise RuntimeError(run.stderr)

    def spawn(self, environment=None):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(as_user(program(SIGNER), "--state", self.state, *self.options),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=FOLDER,
                                            env={**os.environ, **(environment or {})})

    def start(self, environment=None):
        """Until it serves; False where it ended before."""
        size = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        self.spawn(environment)
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if "signer.serving" in self.log()[size:]:
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.002)
        raise RuntimeError(f"licet-signer does not serve:\n{self.log()}")

    def __enter__(self):
        if not self.start():
            raise RuntimeError(f"licet-signer does not start:\n{self.log()}")
        return self

    def __exit__(self, *_):
        self.stop()

    def end(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)

    def stop(self):
        return self.end(signal.SIGTERM)

    def kill(self):
        return self.end(signal.SIGKILL)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def asker(self, **options):
        return Asker(self.path, **options)

    def item(self, act, payload=b"", reason=b"", certificate=None):
        return item_bytes(act, certificate or self.certificate, payload, reason)

    def ask(self, act, payload=b"", reason=b"", certificate=None):
        """(status, text) of one item, over a connection of its own."""
        with self.asker() as asker:
            return asker.ask(self.item(act, payload, reason, certificate))[0]
