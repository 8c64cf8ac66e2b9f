#!/usr/bin/python3
"""Row 30: every file of JSONTestSuite as the body of a request.

What is JSON but no sign-in is refused like any other bad request; what is no JSON is refused too; nothing of it is the
server's fault, and nothing ends the server.
"""
import os

from attack import harness
from harness import Server, Vendor, ok

FOLDER = os.path.join(harness.ROOT, "tests", "data", "json-test-suite")


def cases():
    for folder in ("test_parsing", "test_transform"):
        path = os.path.join(FOLDER, folder)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            with open(os.path.join(path, name), "rb") as file:
                yield name, file.read()


def row_30():
    with Server(Vendor()) as server:
        found = list(cases())
        ok(len(found) >= 318, "row 30: the suite is whole", len(found))
        answers = {}
        for name, body in found:
            answer = server.post("/tokens", body)
            answers[name] = answer
            if not server.is_running():
                ok(False, f"row 30: {name} ends the server", server.log())
                return
        for kind, name, good in (("n_", "what is no JSON is refused by 4xx", lambda status: 400 <= status < 500),
                                 ("y_", "JSON is never a fault of the server", lambda status: 200 <= status < 500),
                                 ("", "neither is what parsers may differ on", lambda status: 200 <= status < 500)):
            bad = {file: str(answer) for file, answer in answers.items() if file.startswith(kind) and not good(answer.status)}
            ok(not bad, f"row 30: {name}", bad)
        for name, body in (("a doubled key", '{"name":"root","name":"x","password":"correct horse battery"}'),
                           ("a number beyond 64 bits", '{"name":"root","password":"correct horse battery","days":1e400}'),
                           ("a large whole number", '{"name":"root","password":"correct horse battery","days":18446744073709551617}'),
                           ("a fraction for a whole number", '{"name":"root","password":"correct horse battery","days":1.5}'),
                           ("deep nesting", '{"name":' + "[" * 1500 + "]" * 1500 + "}"),
                           ("bad UTF-8", b'{"name":"\xff","password":"correct horse battery"}'),
                           ("what follows the object", '{"name":"root","password":"correct horse battery"} {}')):
            server.administrator()
            answer = server.post("/tokens", body)
            ok(answer.status == 400, f"row 30: {name} is refused", answer)


harness.run(row_30)
