#!/usr/bin/python3
"""The signer's client (src/signer/client.h) against the real signer, and against peers that are none."""
import os
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import BUILD, FOLDER, WAIT_SECONDS, as_user, give_away, new_folder, ok, path_of, program, run
from signing import CERTIFICATE, LAST, LICENSE, OK, SIGNER, Signer, item_bytes, license_payload, \
    parse_answers, read_exactly

ASK = os.path.join(BUILD, "tests", "system", "signer_ask")
PROTOCOL, TIMEOUT, UNREACHABLE, TOO_LARGE = 27, 9, 8, 31
USER = "nobody" if os.getuid() == 0 else None


class Client:
    """signer_ask with its items; each round() asks all of them."""

    def __init__(self, path, items, *start, timeout=WAIT_SECONDS * 1000):
        self.log = path_of("client.log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(as_user(program(ASK), path, str(timeout), *start), stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, cwd=FOLDER)
        for item in items:
            self.process.stdin.write(struct.pack(">I", len(item)) + item)
        self.process.stdin.write(b"\xff\xff\xff\xff")
        self.process.stdin.flush()
        self.is_first = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(WAIT_SECONDS)

    def round(self):
        if not self.is_first:
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
        self.is_first = False
        size = struct.unpack(">I", read_exactly(self.process.stdout.read, 4))[0]
        return parse_answers(read_exactly(self.process.stdout.read, size))


def test_batches():
    with Signer(client=USER) as signer:
        items = [signer.item(LICENSE, license_payload(f"S-{number}")) for number in range(300)]
        with Client(signer.path, items) as client:
            first = client.round()
            ok(len(first) == 300 and all(status == OK for status, _ in first),
               "three hundred items go in as many frames as they need", first[:1])
            ok(client.round() == first, "R9.4 asked again, they get the same bytes")
            signer.kill()
            signer.start()
            ok(client.round() == first, "a signer that was killed and started again is found again")
            signer.stop()
            ok([status for status, _ in client.round()] == [UNREACHABLE], "one that is gone is told to be gone")
            signer.start()
            ok(client.round() == first, "and is found once it is back")
        large = [signer.item(LICENSE, b"x" * 3_000_000), signer.item(LAST, "acme S-1"),
                 signer.item(LICENSE, b"x" * 3_000_000)]
        with Client(signer.path, large) as client:
            ok([status for status, _ in client.round()] == [TOO_LARGE, OK, TOO_LARGE],
               "items beyond a frame go in two, and the signer refuses what no file may be")


def test_too_large():
    with Signer(client=USER) as signer, Client(signer.path, [signer.item(LICENSE, b"x" * 4_200_000)]) as client:
        ok([status for status, _ in client.round()] == [TOO_LARGE], "an item that fits no frame is not sent")


def config_of(signer):
    path = os.path.join(signer.state, "signer.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"[signer]\nstate = {signer.state}\n")
    give_away(path)
    return path


def starts_of(client):
    with open(client.log, encoding="utf-8") as log:
        return [line for line in log if "signer.started" in line]


def started(client):
    return len(starts_of(client))


def pid_of(client):
    return int(starts_of(client)[-1].split("pid=")[1].split()[0])


def is_alive(pid):
    return os.path.exists(f"/proc/{pid}") and open(f"/proc/{pid}/stat", encoding="ascii").read().split()[2] != "Z"


def wait_until(question):
    end = time.monotonic() + WAIT_SECONDS
    while not question() and time.monotonic() < end:
        time.sleep(0.01)
    return question()


def test_starts_child():
    signer = Signer(client=USER)
    item = signer.item(LICENSE, license_payload())
    client = Client(signer.path, [item], program(SIGNER), config_of(signer))
    first = client.round()
    pid = pid_of(client)
    ok(first[0][0] == OK, "R9.4 where nobody answers, the client starts a signer", first)
    ok("not separated" in starts_of(client)[-1], "R9.4 and says that the key is not separated")
    os.kill(pid, signal.SIGKILL)
    ok(client.round() == first and pid_of(client) != pid, "a child that was killed is started again")
    pid = pid_of(client)
    client.process.kill()
    client.process.wait()
    ok(wait_until(lambda: not is_alive(pid)), "the child ends with the one who started it")
    with Client(signer.path, [item], program(SIGNER), config_of(signer)) as client:
        client.round()
        pid = pid_of(client)
    ok(not is_alive(pid), "an orderly end stops it, too")
    with signer, Client(signer.path, [item], program(SIGNER), config_of(signer)) as client:
        count = started(client)
        ok(client.round() == first and started(client) == count,
           "where a signer answers already, none is started")


def test_child_fails():
    signer = Signer(client=USER, init=False)
    with Client(signer.path, [signer.item(CERTIFICATE)], program(SIGNER), config_of(signer)) as client:
        count = started(client)
        answers = client.round()
        ok(answers[0][0] == UNREACHABLE and "ended with 3" in answers[0][1],
           "a child that refuses to start is told at once, with its exit code", answers)
        ok(started(client) == count + 1, "and is not started over and over")
    with Client(signer.path, [signer.item(CERTIFICATE)], "/nonexistent/licet-signer", config_of(signer)) as client:
        ok(client.round()[0][0] == UNREACHABLE, "so is a program that is not there")


class Peer:
    """Whoever listens where the signer should: each connection gets these bytes once a frame has come."""

    def __init__(self, answer, hold=False):
        self.path = os.path.join(new_folder("peer"), "socket")
        self.answer, self.hold, self.connections = answer, hold, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.socket.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.recv(65536)
            connection.sendall(self.answer)
            self.connections.append(connection)
            if not self.hold:
                connection.close()


def ask_peer(answer, hold=False, timeout=WAIT_SECONDS * 1000):
    peer = Peer(answer, hold)
    with Client(peer.path, [item_bytes(CERTIFICATE, bytes(32))], timeout=timeout) as client:
        return client.round()


def test_hostile_peers():
    frame = lambda data: struct.pack(">I", len(data)) + data
    for answer, expected, name in (
            (b"", UNREACHABLE, "closes without a word"), (b"\0\0", UNREACHABLE, "closes within the size"),
            (b"\xff\xff\xff\xff", PROTOCOL, "promises 4 GiB"), (frame(b""), PROTOCOL, "answers nothing"),
            (frame(struct.pack(">HI", 0, 1)), PROTOCOL, "promises more than it sends in an answer"),
            (frame(struct.pack(">HI", 9999, 0)), PROTOCOL, "answers with a status that is none"),
            (frame(struct.pack(">HI", 0, 0) * 2), PROTOCOL, "answers twice"),
            (b"HTTP/1.1 200 OK\r\n\r\n", PROTOCOL, "is a web server")):
        answers = ask_peer(answer)
        ok([status for status, _ in answers] == [expected], f"a peer that {name} is refused", answers)
    ok(ask_peer(b"\0", hold=True, timeout=200)[0][0] == TIMEOUT, "a peer that never answers costs the time limit, no more")


run(test_batches, test_too_large, test_starts_child, test_child_fails, test_hostile_peers)
