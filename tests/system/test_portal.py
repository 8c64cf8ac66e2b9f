#!/usr/bin/python3
"""licet-portal as its users start it: its doors, its frame, its end."""
import os
import socket
import threading

import harness
from harness import Answer, ok, path_of, request_bytes, skip
from portal import Portal, portal_run, routes


def test_frame():
    with Portal() as portal:
        answer = portal.ask("GET", "/health")
        ok(answer.status == 200 and answer.json == {"ok": True}, "the portal is well, and says so to anybody", answer)
        ok(answer.headers["content-type"] == "application/json" and answer.headers["connection"].lower() == "close" and
           answer.headers["cache-control"] == "no-store", "an answer is JSON, kept by nobody, and the last of its connection",
           answer.headers)
        other = portal.ask("GET", "/health")
        ids = [entry.headers.get("x-request-id", "") for entry in (answer, other)]
        ok(len(ids[0]) == 16 and ids[0] != ids[1], "every answer has the id of its request", ids)
        answer = portal.ask("GET", "/nothing")
        ok(answer.status == 404 and answer.headers["content-type"] == "application/problem+json" and
           answer.json["code"] == "NOTFOUND" and answer.json["status"] == 404 and answer.json["detail"],
           "a failure is problem+json with a code of the list", answer)
        ok(portal.ask("DELETE", "/health").status == 405, "a path has its methods and no others")
        ok(portal.ask("GET", "/health", b"{}").status == 413, "who wants no body takes none")
        answer = Answer(portal.raw_http(request_bytes("GET", "/health", headers=[("Host", "evil.example.com")])))
        ok(answer.status == 403, "R10.2 another host's name is refused", answer)
        raw = portal.raw_http(request_bytes("HEAD", "/health"))
        ok(Answer(raw).status == 200 and raw.endswith(b"\r\n\r\n"), "HEAD is GET without its body", raw)


def test_many():
    """64 ask at once, twelve times: all are answered."""
    statuses = []

    def ask():
        for _ in range(12):
            statuses.append(portal.ask("GET", "/health").status)

    with Portal("--workers", "4") as portal:
        threads = [threading.Thread(target=ask) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ok(statuses.count(200) == 64 * 12, "64 who ask at once are all answered", {one: statuses.count(one) for one in statuses})


def test_slow_peers():
    """Peers that send half a request keep nobody waiting."""
    with Portal("--workers", "1") as portal:
        peers = [socket.create_connection(portal.address, harness.WAIT_SECONDS) for _ in range(100)]
        for peer in peers:
            peer.sendall(b"GET /health HTTP/1.1\r\nHost: local")
        ok(portal.ask("GET", "/health").status == 200, "100 half requests do not hold the one worker")
        for peer in peers:
            peer.close()


def test_program():
    database = "sqlite:" + os.path.join(harness.new_folder(), "portal.db")
    run = portal_run("--version")
    ok(run.returncode == 0 and run.stdout.startswith("licet-portal "), "it says its version", run)
    run = portal_run()
    ok(run.returncode == 2 and "database" in run.stderr, "it says that it needs a database", run)
    run = portal_run("--database", database, "--check")
    ok(run.returncode == 0, "--check reads the configuration and ends", run)
    config = path_of("licet-portal.conf")
    for text, expected, told in (
            ("[portal]\ndatabase = " + database + "\nhost = a.example.com\nworkers = 3\n", 0, ""),
            ("[portal]\ndatabase = " + database + "\nworkers = 0\n", 2, "line 3"),
            ("[licetd]\nstate = x\n", 2, "[portal]"), ("[portal]\ncolour = blue\n", 2, "colour"),
            ("[portal]\nlisten = example.com\n", 2, "line 2")):
        with open(config, "w", encoding="ascii") as file:
            file.write(text)
        run = portal_run("--config", config, "--check")
        ok(run.returncode == expected and told in run.stderr, f"a configuration is judged by its lines: {text!r}", run)
    run = portal_run("--database", "mysql://x")
    ok(run.returncode == 2 and "sqlite:PATH or postgresql://" in run.stderr, "there are two engines", run)
    if os.getuid() == 0:
        run = portal_run("--database", database, user=False)
        ok(run.returncode == 4 and "root" in run.stderr, "R10.7 licet-portal refuses uid 0", run)
    else:
        skip("R10.7 licet-portal refuses uid 0", "only root can try")
    ok(("health_show", "GET", "/health", {"anybody"}, 0) in routes(), "it lists its acts")


def test_restart():
    with Portal() as portal:
        portal.ask("GET", "/health")
    ok(portal.process.returncode == 0, "it ends when it is told to")
    with portal.start():
        ok(portal.ask("GET", "/health").status == 200, "and starts on the database that it left")
        second = Portal(database=portal.database)
        second.listen = f"127.0.0.1:{portal.address[1]}"
        second.spawn()
        second.wait_end()
        ok(second.process.returncode == 7 and "in use" in second.log(), "an address is taken once", second.log())
    with portal.start():
        portal.kill()
    with portal.start():
        ok(portal.ask("GET", "/health").status == 200, "a kill costs nothing")


harness.run(test_frame, test_many, test_slow_peers, test_program, test_restart)
