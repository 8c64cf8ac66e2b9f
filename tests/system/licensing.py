"""A vendor and a license server on this machine, for tests: the real programs, in a folder that goes away again.

Where the caller is root, licetd runs as an ordinary user (it refuses root, R10.7), with its program and state in a
folder that this user can read.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

ORDINARY_UID = 65534
LINES = """\
INCREMENT cad_pro sn=A-1 seats=10 maintenance=2027-11-24 expiry=permanent covers=cad_std ttl=60s
INCREMENT one sn=A-2 seats=1 maintenance=none expiry=permanent ttl=10s
"""


class Site:
    """`licet` and `licetd` are paths of the programs under test."""

    def __init__(self, licet, licetd, lines=LINES):
        self.folder = tempfile.mkdtemp(prefix="licet-test-")
        os.chmod(self.folder, 0o755)
        self.licet = licet
        self.lines = lines
        self.licetd = shutil.copy(licetd, self.path("licetd"))
        self.state = self.path("state")
        self.process = None
        self.port = None
        self.token = None
        self.generation = 0
        os.mkdir(self.state, 0o700)
        if os.geteuid() == 0:
            os.chown(self.state, ORDINARY_UID, ORDINARY_UID)
        self.make_vendor()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments, **options):
        """licet with these arguments; the environment of a product of this site."""
        return subprocess.run([self.licet, *arguments], check=False, capture_output=True, text=True, timeout=120,
                              env=self.environment(), **options)

    def must(self, *arguments, **options):
        result = self.run(*arguments, **options)
        if result.returncode != 0:
            raise RuntimeError(f"licet {' '.join(arguments)}: {result.stderr}")
        return result.stdout

    def environment(self, port=None):
        env = {key: value for key, value in os.environ.items() if not key.startswith("LICET_")}
        env["LICET_ROOT"] = self.path("root.pub")
        if port or self.port:
            env["LICET_SERVER"] = f"127.0.0.1:{port or self.port}"
        if self.token:
            env["LICET_TOKEN"] = self.token
        return env

    # ---- the vendor

    def make_vendor(self):
        self.must("key", "root", "-f", self.path("root"))
        self.must("key", "issuing", "-f", self.path("issuing"))
        self.must("key", "certify", "--root", self.path("root"), "--vendor", "acme", "--from", "2020-01-01", "--to",
                  "2035-01-01", self.path("issuing.pub"))

    def sign(self, lines=None):
        """The next generation, as a path."""
        self.generation += 1
        draft = self.path("draft")
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with open(draft, "w", encoding="ascii") as file:
            file.write("# Licet license file. Every line is signed: do not edit.\n"
                       f"LICENSE 1 vendor=acme customer=C-1 generation={self.generation} issued={issued}"
                       f" serial=S-{self.generation}\n"
                       f"SERVER LIC01 id=S-1 key={self.status()['key']}\n{lines or self.lines}")
        formatted = self.must("file", "format", draft)
        with open(draft, "w", encoding="ascii") as file:
            file.write(formatted)
        path = self.path(f"generation-{self.generation}.lic")
        self.must("file", "sign", "-k", self.path("issuing"), "-o", path, draft)
        return path

    # ---- the license server

    def start(self):
        command = [self.licetd, "--state", self.state, "--listen", f"127.0.0.1:{self.port or 0}", "--name", "LIC01",
                   "--root", f"acme={self.path('root.pub')}"]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups", *command]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        else:
            raise RuntimeError("licetd did not start")
        # Somebody must read what it logs, or it would wait for room one day.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None

    def make_administrator(self):
        with open(os.path.join(self.state, "first-token"), encoding="ascii") as file:
            first = file.read().strip()
        answer = self.call("POST", "/administrators", {"token": first, "name": "ada", "password": "a long enough one"})
        answer = self.call("POST", "/tokens", {"name": "ada", "password": "a long enough one",
                                               "role": "administrator"})
        self.token = answer["token"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Content-Type": "application/json"} if body is not None else {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def status(self):
        return self.call("GET", "/status")

    def in_use(self, feature):
        return next(row["in_use"] for row in self.status()["features"] if row["feature"] == feature)

    def open(self):
        """From nothing to a server that serves generation 1."""
        self.start()
        self.make_administrator()
        return self.must("install", "--yes", self.sign())

    def close(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Wire:
    """A cable between products and the server that a test can cut: a port of its own, forwarding byte for byte."""

    def __init__(self, port):
        self.server_port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = []
        self.is_cut = False
        self.accepted = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                near.close()
                continue
            with self.lock:
                if self.is_cut:
                    near.close()
                    far.close()
                    continue
                self.pairs.append((near, far))
                self.accepted += 1
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self.forward, args=(source, target), daemon=True).start()

    @staticmethod
    def forward(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Everything that is open ends, and nothing new comes through."""
        with self.lock:
            self.is_cut = True
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def mend(self):
        with self.lock:
            self.is_cut = False

    def close(self):
        self.listener.close()
        self.cut()
