#!/usr/bin/python3
"""Programs that nobody here wrote hold a seat: redis-cli, redis-benchmark, Redis clients of Python and Node.js."""
import base64
import hashlib
import json
import os
import re
import subprocess

import redis

import harness
from harness import Server, Vendor, increment, new_id, ok

HERE = os.path.dirname(os.path.abspath(__file__))


def start():
    return Server(Vendor(), "--grants-a-second", "1000000").start().serve(
        increment(seats=100), increment("sim_solver", sn="L-2", seats=1))


def redis_cli(server, *arguments, text=None):
    run = subprocess.run(["redis-cli", "-h", server.address[0], "-p", str(server.address[1]), *arguments],
                         check=False, capture_output=True, text=True, input=text, timeout=harness.WAIT_SECONDS)
    return run.stdout + run.stderr


def check_redis_cli():
    with start() as server:
        lease = new_id()
        answers = redis_cli(server, text=f"CHECKOUT cad_pro {lease} USER alice\nRENEW {lease}\nCHECKIN {lease}\n")
        words = re.findall(r"^(GRANTED|ENDED)$", answers, re.MULTILINE)
        ok(words == ["GRANTED", "GRANTED", "ENDED"], "redis-cli checks a seat out, renews it and gives it back", answers)
        lease = new_id()
        answers = redis_cli(server, "-3", "CHECKOUT", "cad_pro", lease)
        ok(re.match(r"1\) GRANTED\n2\) \(integer\) \d+\n3\) \(integer\) 300000\n", answers) or
           re.match(r"GRANTED\n\d+\n300000\n1\n0\n", answers), "redis-cli -3 checks a seat out under RESP3", answers)
        answers = redis_cli(server, "--no-raw", "-3", "FEATURES")
        ok('"feature"' in answers and "=>" in answers, "under RESP3 redis-cli shows a row of FEATURES as a map", answers)
        answers = redis_cli(server, "CHECKOUT", "no_such_feature", new_id())
        ok(answers.startswith("NOFEATURE "), "redis-cli shows a refusal with its word and sentence", answers)


def check_redis_benchmark():
    with start() as server:
        base = ["redis-benchmark", "-h", server.address[0], "-p", str(server.address[1]), "-q", "-c", "20", "-P", "4"]
        run = subprocess.run(base + ["-n", "2000", "-t", "ping_mbulk"], check=False, capture_output=True, text=True,
                             timeout=60)
        ok(run.returncode == 0 and re.search(r"PING_MBULK: \d+", run.stdout), "redis-benchmark pings over RESP",
           run.stdout + run.stderr)
        subprocess.run(base + ["-n", "20", "-t", "ping_inline"], check=False, capture_output=True, timeout=60)
        ok(server.is_running() and server.call("PING") == "PONG",
           "R10.2 an inline PING of redis-benchmark closes its connection and nothing else", server.log())
        lease = "%032x" % 0
        # redis-benchmark writes 12 random digits over the mark: an id of 32 digits, 12 of them drawn.
        run = subprocess.run(base + ["-n", "2000", "-r", "50", "CHECKOUT", "cad_pro", lease[:20] + "__rand_int__"],
                             check=False, capture_output=True, text=True, timeout=60)
        ok(run.returncode == 0 and "requests per second" in run.stdout, "redis-benchmark checks seats out",
           run.stdout + run.stderr)
        in_use = server.features()["cad_pro"]["in-use"]
        ok(1 <= in_use <= 50, "R8.1 2,000 checkouts with 50 ids hold at most 50 seats", in_use)


def check_python():
    """redis-py 4.3 speaks RESP2 alone."""
    with start() as server:
        client = redis.Redis(*server.address, decode_responses=True, client_name="licet-test")
        lease = new_id()
        ok(client.ping() is True, "Python's redis pings")
        granted = client.execute_command("CHECKOUT", "cad_pro", lease, "USER", "bob")
        ok(granted[0] == "GRANTED" and granted[2:] == [300000, 1, 0, None], "Python's redis checks a seat out", granted)
        renewed = client.execute_command("RENEW", lease)
        ok(renewed[:2] == ["GRANTED", granted[1]], "Python's redis renews it under the same handle", renewed)
        ended = client.execute_command("CHECKIN", lease)
        ok(ended == ["ENDED", granted[1]], "Python's redis gives it back", ended)
        try:
            answer = client.execute_command("CHECKOUT", "cad_pro", lease)
        except redis.ResponseError as error:
            answer = error
        ok(str(answer).startswith("ENDED "), "Python's redis raises a refusal", answer)
        pipe = client.pipeline(transaction=False)
        for _ in range(100):
            pipe.execute_command("CHECKOUT", "cad_pro", new_id())
        answers = pipe.execute()
        ok(len({answer[1] for answer in answers}) == 100, "Python's redis takes 100 seats in one pipeline", answers[:3])
        client.close()


def check_node():
    with start() as server:
        run = subprocess.run(["node", os.path.join(HERE, "node_client.js"), str(server.address[1]), new_id()],
                             check=False, capture_output=True, text=True, timeout=60,
                             env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
        answers = json.loads(run.stdout) if run.returncode == 0 else [None] * 6
        ok(answers[0] == "PONG", "Node's redis connects and pings", run.stdout + run.stderr)
        ok(answers[1] and answers[1][0] == "GRANTED" and answers[1][2] == 300000, "Node's redis checks a seat out",
           run.stdout)
        ok(answers[2] and answers[2][:2] == answers[1][:2], "Node's redis renews it", run.stdout)
        ok(answers[3] == ["ENDED", answers[1] and answers[1][1]], "Node's redis gives it back", run.stdout)
        ok(str(answers[4]).startswith("NOFEATURE "), "Node's redis is told why it is refused", run.stdout)
        ok(answers[5] is True, "Node's redis gets 200 pipelined replies in order", run.stdout)


def check_openings():
    """What clients of other languages send first (they run elsewhere; their bytes are theirs)."""
    with start() as server, server.connect() as connection:
        hello = connection.call("HELLO", "3")
        ok(isinstance(hello, dict) and hello["proto"] == 3, "HELLO 3 answers with a map that says 3", hello)
        ok(connection.call("client", "setinfo", "LIB-NAME", "ioredis") == "OK", "client setinfo in lower case is taken")
        refused = connection.call("CLIENT", "MAINT_NOTIFICATIONS", "ON")
        ok(isinstance(refused, harness.ReplyError) and connection.call("PING") == "PONG",
           "an unknown CLIENT sub-command is an error that does not close", refused)
        ok("loading:0" in connection.call("INFO"), "INFO says that nothing is loading, as ioredis wants")
        ok(connection.call("CONFIG", "GET", "save") in ([], {}), "CONFIG GET answers with nothing")
        ok(connection.call("COMMAND", "DOCS") in ([], {}), "COMMAND DOCS answers with nothing")
        ok(isinstance(connection.call("COMMAND"), list), "COMMAND answers with an array")
        ok(isinstance(connection.call("COMMAND", "COUNT"), int), "COMMAND COUNT is a number")
        ok(connection.call("SELECT", "0") == "OK", "SELECT 0 is taken")
        ok(isinstance(connection.call("SELECT", "1"), harness.ReplyError), "SELECT 1 is refused")
        ok(isinstance(connection.call("CLIENT", "ID"), int), "CLIENT ID is a number")
        ok(connection.call("CLIENT", "SETNAME", "x") == "OK", "CLIENT SETNAME is taken")
        ok(connection.call("RESET") == "RESET", "RESET answers RESET")
        ok(isinstance(connection.call("HELLO"), list), "RESET went back to RESP2: HELLO is an array")
        ok(isinstance(connection.call("HELLO", "4"), harness.ReplyError) and connection.call("ECHO", "x") == "x",
           "HELLO 4 is refused without closing")
        ok(connection.call("QUIT") == "OK" and connection.is_closed_by_peer(), "QUIT says OK and closes")


def check_proof():
    """A proof, from what goes over the wire and docs/protocol.md alone."""
    with start() as server, server.connect() as connection:
        file, key_line = connection.call("CHAIN")
        blob = base64.b64decode(key_line.split()[1])
        named = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        ok(f"key={named}" in file.replace("\\\n    ", ""), "R8.3 CHAIN's key is the one that its file names", key_line)
        demand = {"count": "2", "release": "2026-11-01", "user": "alice", "host": "ws-17"}
        words = [word for name, value in demand.items() for word in (name.upper(), value)]
        wanted = {"id": new_id(), "feature": "cad_pro", **demand, "vendor": "acme", "generation": "1",
                  "payload": base64.b64decode(harness.payload_hash(file)[7:] + "=").hex()}
        for verb, kind in (("CHECKOUT", "grant"), ("CHECKOUT", "grant"), ("RENEW", "renewal")):
            nonce = new_id()
            what = ["cad_pro", wanted["id"], *words] if verb == "CHECKOUT" else [wanted["id"]]
            reply = connection.call(verb, *what, "NONCE", nonce, "PROOF", "text")
            check_one_proof(reply[5], blob[-32:], {**wanted, "nonce": nonce, "kind": kind}, verb)


def check_one_proof(proof, key, wanted, verb):
    code, shown = verify(proof, key, wanted)
    ok(code == 0, f"R8.2 an independent verifier accepts the proof of a {verb}", shown)
    for field, value in (("user", "mallory"), ("nonce", new_id()), ("count", "3"), ("payload", "00" * 32)):
        code, shown = verify(proof, key, {**wanted, field: value})
        ok(code == 1, f"R8.3 the proof of a {verb} does not hold for another {field}", shown)


def verify(proof, key, wanted):
    command = ["/usr/bin/python3", os.path.join(HERE, "verify_proof.py"), "--key", key.hex()]
    for field, value in wanted.items():
        command += ["--" + field, value]
    run = subprocess.run([*command, "--", proof], check=False, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


harness.run(check_redis_cli, check_redis_benchmark, check_python, check_node, check_openings, check_proof)
