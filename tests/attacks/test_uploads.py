#!/usr/bin/python3
"""License files as a weapon: programs and paths in them, bombs, old files, files of others (rows 32 to 35, 44, 47)."""
import gzip
import os
import zlib

from attack import harness
from harness import Server, Vendor, increment, new_id, ok, payload_hash, print_line, quote, word_of

BODY_BYTES_MAX = 1024 * 1024 + 64 * 1024  # a response, with a file of 1 MiB in it


def all_files(folder):
    return {os.path.relpath(os.path.join(root, name), folder) for root, _, names in os.walk(folder) for name in names}


def row_32():
    """A file may name what it likes: it is words."""
    vendor = Vendor()
    witness = harness.path_of("witness")
    words = ["/bin/sh", "/usr/bin/touch", f"/usr/bin/touch{witness}", "../../../../bin/sh", "http://127.0.0.1/x"]
    with Server(vendor) as server:
        server.serve(
            increment(), print_line("ISV", "acme", "/usr/bin/touch", witness), print_line("VENDOR", "acme", "/bin/sh"),
            print_line("DAEMON", "acme", "/bin/sh", "options=/etc/passwd"), print_line("USESERVER", "this"),
            print_line("REPORTLOG", "+" + witness), print_line("DEBUGLOG", witness), print_line("INCLUDE", "/etc/passwd"),
            *[increment(f"feature_{index}", sn=f"L-{index + 2}", x_program=word) for index, word in enumerate(words)],
            *[increment(f"other_{index}", sn=f"L-{index + 20}", exec=word) for index, word in enumerate(words)])
        ok(word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED", "row 32: the other lines serve")
        answers = [word_of(server.call("CHECKOUT", f"other_{index}", new_id())) for index in range(len(words))]
        ok(set(answers) == {"DISABLED"}, "row 32: a line with a field of its own invention is disabled", answers)
        server.stop()
        server.start()
        ok(word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED", "row 32: after a restart too")
        ok(not os.path.exists(witness), "row 32: no program was run and no file written for it")
        with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as file:
            ok(file.read().strip() == "", "row 32: licetd has no child")
    with Server(vendor) as server:
        for name in ("/etc/passwd", "../../x", "a/b", "$(touch_x)", "`id`", "|sh"):
            payload = vendor.payload(server.key, 1, [increment()], server=name)
            answer = server.install(vendor.sign(payload))
            ok(answer.status < 500 and not os.path.exists(witness), f"row 32: a server called {name} is only a name", answer)
        bad = []
        for name in ("../x", "/x", "a/../b", "x.lic", "a b", "-x", "", "x" * 65, "é", "a\tb", "%2e%2e"):
            answer = server.install(vendor.license(server, 2, f"INCREMENT {name} sn=L-1 seats=1 maintenance=none"
                                                   " expiry=permanent\n"))
            bad += [] if 400 <= answer.status < 500 else [(name, str(answer))]
        ok(not bad, "row 44: a feature whose name is no identifier refuses the file", bad)


def row_33():
    vendor = Vendor()
    with Server(vendor) as server:
        token, file = server.administrator(), vendor.license(server, 1, increment())
        before = server.memory_kib()
        body = b"#" * (BODY_BYTES_MAX + 1)
        for target in ("/license/preview", "/license/install"):
            answer = server.post(target, body, token=token)
            ok(answer.status == 413, f"row 33: {target} refuses a body of a byte too many", answer)
        answer = server.post("/license/preview", b"#" * BODY_BYTES_MAX, token=token)
        ok(answer.status == 400, "row 33: one byte less is read and judged", answer)
        head = (b"POST /license/preview HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token.encode() +
                b"\r\nConnection: close\r\n")
        answer = harness.Answer(server.raw_http(head + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000))
        ok(answer.status == 413, "row 33: 100 GB are refused before they come", answer)
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        raw = server.raw_http(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 18 + b"0\r\n\r\n")
        ok(raw == b"" or harness.Answer(raw).status == 413, "row 33: a chunked body is stopped at the same size", raw[:200])
        for name, packed in (("gzip", gzip.compress(b"#" * 50_000_000)), ("deflate", zlib.compress(file.encode())),
                             ("br", file.encode()), ("zstd", file.encode()), ("identity, gzip", file.encode())):
            answer = server.post("/license/preview", packed, token=token, headers=[("Content-Encoding", name)])
            ok(answer.status == 415, f"row 33: Content-Encoding: {name} is refused", answer)
        answer = server.post("/license/preview", gzip.compress(file.encode()), token=token)
        ok(answer.status == 400, "row 33: nothing is unpacked", answer)
        grown = server.memory_kib() - before
        ok(grown < 24 * 1024, "row 33: none of it grew the server", f"{grown} KiB")
        many = [increment(f"f{index}", sn=f"L-{index}") for index in range(4200)]
        answer = server.install(vendor.license(server, 1, *many))
        ok(answer.status < 500, "row 33: a signed file of 4,200 lines is answered", answer)
        ok(server.is_running(), "row 33: and the server lives", server.log()[-2000:])


def row_34():
    vendor = Vendor()
    with Server(vendor) as server:
        old = vendor.license(server, 5, increment(seats=500))
        server.install(old)
        server.install(vendor.license(server, 6, increment(seats=2)))

        def check(when):
            answers = [server.install(old, confirm=confirm) for confirm in (True, False)]
            ok(all(answer.status == 409 and answer.json["code"] == "OLDGENERATION" for answer in answers),
               f"row 34: an old file is refused {when}", answers)
            ok(server.features()["cad_pro"]["seats"] == 2, f"row 34: and serves nothing {when}")

        check("after the return")
        server.stop()
        server.start()
        check("after a restart")
        server.kill()
        server.start()
        check("after a crash")
        server.stop()
        folder = os.path.join(server.state, "licenses")
        names = os.listdir(folder)
        ok(len(names) == 1, "row 34: the replaced file is not kept beside the new one", names)
        with open(os.path.join(folder, names[0]), "w", encoding="ascii") as file:
            file.write(old)
        server.spawn()
        try:
            code = server.wait_end()
            server.process = None  # it ended as it should
            ok(code != 0, "INV-11 an old file put in place of the installed one is refused at start", server.log())
        except harness.subprocess.TimeoutExpired:
            server.kill()
            ok(False, "INV-11 an old file put in place of the installed one is refused at start", server.log())


def row_35():
    vendor = Vendor()
    with Server(vendor) as server, Server(vendor) as twin:
        theirs = vendor.license(twin, 1, increment())
        answer = server.install(theirs)
        ok(answer.status == 422 and answer.json["code"] == "WRONGSERVER",
           "row 35: a file of another server is refused, though both have the same name", answer)
        keyless = vendor.sign(vendor.payload(twin.key, 1, [increment()]).replace(f" key={twin.key}", "").replace(
            f" \\\n    key={twin.key}", ""))
        answer = server.install(keyless)
        served = word_of(server.call("CHECKOUT", "cad_pro", new_id()))
        ok(served != "GRANTED", "row 35: a file that names no key serves nobody by its name alone", f"{answer} {served}")
        ok(twin.install(theirs).status == 200, "row 35: the server it is for takes it")


def row_47():
    """Role, then signature, then store: nothing of a refused file stays."""
    vendor, stranger = Vendor(), Vendor()
    with Server(vendor) as server:
        server.administrator()
        before = all_files(server.state)
        good, forged = vendor.license(server, 1, increment()), stranger.license(server, 1, increment())
        for token, name in ((None, "nobody"), (server.token_of("viewer"), "a viewer"), ("licet_" + "A" * 43, "a forged token")):
            for target in ("/license/preview", "/license/install", "/license/install?hash=" + quote(payload_hash(good))):
                answer = server.post(target, good, token=token)
                ok(answer.status in (401, 403), f"row 47: {name} may not post to {target.partition('?')[0]}", answer)
        for file in (forged, good[:-200], "x" * 1000, ""):
            server.post("/license/install", file, token=server.administrator())
        ok({name for name in all_files(server.state) - before if "license" in name} == set(),
           "row 47: no refused file is stored", all_files(server.state) - before)


harness.run(row_32, row_33, row_34, row_35, row_47)
