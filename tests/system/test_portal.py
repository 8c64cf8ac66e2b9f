#!/usr/bin/python3
"""licet-portal as its users start it: its doors, its frame, its end."""
import os
import socket
import subprocess
import threading

import time

import harness
from harness import Answer, ok, path_of, request_bytes, skip
from portal import Portal, portal_run, routes
from signing import Signer


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
            ("[portal]\nlisten = example.com\n", 2, "line 2"),
            ("[portal]\ndatabase = " + database + "\nvendor = acme\n", 2, "root="),
            ("[portal]\ndatabase = " + database + "\nmail = smtp://127.0.0.1\n", 2, "site="),
            ("[portal]\nvendor = a-b\n", 2, "line 2")):
        with open(config, "w", encoding="ascii") as file:
            file.write(text)
        run = portal_run("--config", config, "--check")
        ok(run.returncode == expected and told in run.stderr, f"a configuration is judged by its lines: {text!r}", run)
    folder = os.path.join(harness.new_folder(), "mail")
    mail = ("--database", database, "--mail", "file:" + folder, "--mail-from", "a@acme.example", "--site", "https://acme.example")
    for words in (("--check",), ()):
        run = portal_run(*mail, *words)
        ok(run.returncode == 2 and f"the folder {folder}, which is not there: make it" in run.stderr,
           f"a mail folder that is missing is refused {'by --check' if words else 'at start'}", run)
    os.mkdir(folder, 0o555)
    run = portal_run(*mail, "--check")
    ok(run.returncode == 2 and "may not write" in run.stderr, "and one that takes no mail", run)
    os.rmdir(folder)
    os.mkdir(folder)
    harness.give_away(folder)
    run = portal_run(*mail, "--check")
    ok(run.returncode == 0, "one that is there is in order", run)
    for binary, word, acts in (("licetd", "chek", "check or repair"), ("licet-signer", "sho", "init or show"),
                               ("licet-portal", "audti", "init, audit or routes")):
        run = subprocess.run([os.path.join(harness.BUILD, "src", "main", binary), word], check=False, capture_output=True, text=True)
        ok(run.returncode == 2 and f'"{word}" is not understood' in run.stderr.replace('\\"', '"') and acts in run.stderr,
           f"{binary} {word} is answered by the acts that there are", run)
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


def test_audit():
    with Portal() as portal:
        portal.setup()
        text = portal.audit()
        ok(" findings=0 (no root=" in text, "an audit runs beside a serving portal, and says that it saw no file", text)
        portal.query("INSERT INTO organization (kind, name, number) VALUES ('customer', 'C', 'C-4829138')")
        portal.query("INSERT INTO server (number, customer_id, name, short_name, generation, created)"
                     " VALUES ('S-7K2M9', 2, 'lic01', 'lic01', 4, 1)")
        run = portal_run("audit", "--database", portal.database)
        ok(run.returncode == 26 and run.stdout.startswith("finding: INV-9 R4.6 S-7K2M9 is stored to be at generation 4,") and
           " findings=1" in run.stdout, "a finding is a line, and the exit status says that there is one", run.stdout + run.stderr)
        portal.query("DELETE FROM server")
        path = os.path.join(portal.state, "no.db")
        run = portal_run("audit", "--database", "sqlite:" + path)
        ok(run.returncode != 0 and not os.path.exists(path), "an audit makes no database", run.stderr)


def sold(portal, key):
    """What a sale leaves behind: a mail that waits, and a generation without its file."""
    for sql in ("INSERT INTO organization (kind, name, number) VALUES ('customer', 'C', 'C-4829138')",
                "INSERT INTO program (name) VALUES ('Easy')",
                "INSERT INTO agreement (program_id, customer_id, number, state, created) VALUES (1, 1, 'R-4829138', 'active', 1)",
                "INSERT INTO product (name, is_bound_by_name, is_whole_only) VALUES ('Cad', 0, 0)",
                "INSERT INTO edition (product_id, feature, name, rank, overdraft_percent, ttl_s, drain_s, grace_s, borrow_s)"
                " VALUES (1, 'cad', 'Pro', 1, 0, 300, 86400, 0, 0)",
                "INSERT INTO orders (number, partner_id, customer_id, agreement_id, po_number, contact, state, created, changed)"
                " VALUES ('O-7K2M9', 1, 1, 1, 'PO', 'a@b.example', 'fulfilled', 1, 1)",
                "INSERT INTO order_line (order_id, edition_id, seats, maintenance, expiry) VALUES (1, 1, 5, 'none', 'permanent')",
                "INSERT INTO entitlement (order_line_id, customer_id, edition_id, sn, code, maintenance, expiry, state, created)"
                " VALUES (1, 1, 1, 'LA-7K2M9-1', 'ABCDE', 'none', 'permanent', 'activated', 1)",
                "INSERT INTO outbox (kind, recipient, order_id, state, attempts, due, created)"
                " VALUES ('order_confirmation', 'a@b.example', 1, 'waiting', 0, 1, 1)",
                f"INSERT INTO server (number, customer_id, name, short_name, public_key, generation, created)"
                f" VALUES ('S-7K2M9', 1, 'lic01', 'lic01', '{key}', 1, 1)",
                "INSERT INTO account (entitlement_id, kind, server_id, seats)"
                " VALUES (1, 'OWNED', 0, 5), (1, 'AVAILABLE', 0, 0), (1, 'ALLOCATED', 1, 5)",
                "INSERT INTO ledger (entitlement_id, from_kind, from_server, to_kind, to_server, seats, act, at)"
                " VALUES (1, 'OWNED', 0, 'AVAILABLE', 0, 5, 'x', 1), (1, 'AVAILABLE', 0, 'ALLOCATED', 1, 5, 'x', 1)",
                "INSERT INTO issue (server_id, generation, serial, state, act, created) VALUES (1, 1, 'L-1', 'intent', 'x', 1)",
                "INSERT INTO issue_line (issue_id, entitlement_id, seats) VALUES (1, 1, 5)"):
        portal.query(sql)


def test_threads():
    """The issuing thread and the mail thread, from within the sandbox."""
    with Signer(client=harness.USER.pw_name) as signer, open(signer.vendor.root, encoding="ascii") as root:
        portal = Portal("--vendor", "acme", "--root", signer.vendor.root, "--signer", signer.path, "--mail-from",
                        "licensing@acme.example", "--site", "https://licensing.acme.example")
        mail = os.path.join(portal.state, "mail")
        os.mkdir(mail)
        harness.give_away(mail)
        portal.options = [*portal.options, "--mail", "file:" + mail]
        with portal:
            sold(portal, " ".join(root.read().split()[:2]))
            end = time.monotonic() + harness.WAIT_SECONDS
            rows = []
            while time.monotonic() < end and rows != [("released", "sent")]:
                rows = portal.query("SELECT issue.state, outbox.state FROM issue, outbox")
                time.sleep(0.05)
            ok(rows == [("released", "sent")], "what was allocated becomes a file, and what waits in the outbox leaves",
               (rows, portal.log()))
            file = portal.query("SELECT file FROM issue")[0][0]
            ok(b"INCREMENT cad sn=LA-7K2M9-1 seats=5" in bytes(file) and b"BEGIN SSH SIGNATURE" in bytes(file),
               "a signed one with what was sold", file)
            with open(os.path.join(mail, "1.eml"), encoding="utf-8") as message:
                text = message.read()
            ok("https://licensing.acme.example/activate#ABCDE" in text, "R6.10 and a mail with the code", text)


harness.run(test_frame, test_many, test_slow_peers, test_program, test_restart, test_audit, test_threads)
