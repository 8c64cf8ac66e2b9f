"""An administrator at the command line: test_admin.py BUILD. TAP.

Signing in, and looking at what the license server holds.
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from harness import LICET, PASSWORD, Server, environment, licet, ok, path_of, skip  # noqa: E402

VENDOR = harness.Vendor("acme")


def token_path(home):
    return os.path.join(home, "licet", "token")


def token_in(home):
    with open(token_path(home), encoding="ascii") as file:
        return file.read().strip()


def mode_of(path):
    return oct(os.stat(path).st_mode & 0o777)


def first_token_path(server):
    return os.path.join(server.state, "first-token")


class Terminal:
    """licet on a terminal of its own: its questions are waited for, and all that the screen shows is kept."""

    def __init__(self, server, home, *arguments):
        self.screen = ""
        main, side = pty.openpty()
        self.process = subprocess.Popen([LICET, *arguments], env=environment(server, home), stdin=side, stdout=side,
                                        stderr=side, start_new_session=True)
        os.close(side)
        self.main = main

    def wait_for(self, text):
        end = time.monotonic() + harness.WAIT_SECONDS
        while text not in self.screen and time.monotonic() < end:
            if not select.select([self.main], [], [], 0.1)[0]:
                continue
            try:
                self.screen += os.read(self.main, 4096).decode()
            except OSError:  # the other side has gone
                break
        return text in self.screen

    def answer(self, question, text):
        if not self.wait_for(question):
            raise RuntimeError(f"{question} is not asked: {self.screen}")
        self.screen = self.screen.replace(question, "asked")
        os.write(self.main, text.encode() + b"\n")

    def end(self):
        self.wait_for("\0never")
        os.close(self.main)
        return self.process.wait(harness.WAIT_SECONDS)


def test_first():
    home = path_of("first-home")
    with Server(VENDOR) as server:
        first = path_of("first-token")
        with open(first, "w", encoding="ascii") as file:
            file.write("licet_" + "A" * 43 + "\n")
        wrong = licet(server, home, "login", "--first", first, "--name", "anna", text=PASSWORD + "\n")
        ok(wrong.returncode == 5 and "one-time token" in wrong.stderr and not os.path.exists(token_path(home)),
           "R10.6 another token than the one-time token makes nobody an administrator", wrong.stderr)
        short = licet(server, home, "login", "--first", first_token_path(server), "--name", "anna", text="short\n")
        ok(short.returncode == 2 and "12" in short.stderr, "a password that is too short is refused by its length",
           short.stderr)
        made = licet(server, home, "login", "--first", first_token_path(server), text=f"anna\n{PASSWORD}\n")
        ok(made.returncode == 0 and re.search(r"anna is signed in as administrator until 20\d\d-", made.stdout),
           "R10.6 the one-time token makes the first administrator", made.stdout + made.stderr)
        ok(mode_of(token_path(home)) == "0o600" and mode_of(os.path.dirname(token_path(home))) == "0o700",
           "the token is kept where nobody else reads")
        ok(token_in(home) not in made.stdout + made.stderr and PASSWORD not in made.stdout + made.stderr,
           "neither token nor password is shown")
        request = licet(server, home, "request")
        ok(request.returncode == 0 and "REQUEST 1 " in request.stdout, "later commands find the token", request.stderr)
        again = licet(server, home, "login", "--first", first, "--name", "eve", text=PASSWORD + "\n")
        ok(again.returncode == 5, "R10.6 the second one-time token is none", again.stderr)


def test_later():
    home = path_of("later-home")
    with Server(VENDOR) as server:
        server.administrator()
        wrong = licet(server, home, "login", "--name", "root", text="not the password\n")
        ok(wrong.returncode == 5 and "wrong" in wrong.stderr, "a wrong password is refused", wrong.stderr)
        licet(server, home, "login", "--name", "secret42", text="not the password\n")
        log = server.log()
        ok('administrator.refused code=NOAUTH name="root"' in log and 'administrator.refused code=NOAUTH name="?"' in log and
           "secret42" not in log, "and the log says so, without a name that may be a password", log)
        ended = licet(server, home, "login", "--name", "root")
        ok(ended.returncode == 2 and "standard input" in ended.stderr, "no password is no empty password",
           ended.stderr)
        viewer = licet(server, home, "login", "--name", "root", "--role", "viewer", "--days", "30",
                       text=PASSWORD + "\n")
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86400))
        ok(viewer.returncode == 0 and f"as viewer until {day}" in viewer.stdout, "role and days are as asked",
           viewer.stdout + viewer.stderr)
        ok(licet(server, home, "request").returncode == 4, "R10.6 a viewer's token does nothing for administrators")
        shadowed = licet(server, home, "login", "--name", "root", text=PASSWORD + "\n", LICET_TOKEN="licet_old")
        ok(shadowed.returncode == 0 and "unset" in shadowed.stderr, "a LICET_TOKEN that hides the new token is named",
           shadowed.stderr)
        for options in (["--days", "0"], ["--days", "366"], ["--role", "king"], ["more"], ["--firstly"]):
            ok(licet(server, home, "login", "--name", "root", *options, text=PASSWORD + "\n").returncode == 2,
               f"licet login {' '.join(options)} makes no sense")
        away = licet(server, home, "login", "--name", "root", text=PASSWORD + "\n", LICET_SERVER="192.0.2.1:7380")
        ok(away.returncode == 4 and "encrypts" in away.stderr, "R10.5 no password is sent to another machine",
           away.stderr)


def has_terminals():
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError:
        return False
    return True


def test_terminal():
    if not has_terminals():
        skip("R10.6 licet login on a terminal", "this machine gives no pseudo-terminals")
        return
    home = path_of("terminal-home")
    with Server(VENDOR) as server:
        with open(first_token_path(server), encoding="ascii") as file:
            first = file.read().strip()
        terminal = Terminal(server, home, "login", "--first", "-")
        terminal.answer("One-time token: ", first)
        terminal.answer("Name: ", "anna")
        terminal.answer("New password: ", PASSWORD)
        terminal.answer("again: ", PASSWORD + "!")
        ok(terminal.end() == 2 and "differ" in terminal.screen, "a new password is asked for twice", terminal.screen)
        terminal = Terminal(server, home, "login", "--first", first_token_path(server))
        terminal.answer("Name: ", "anna")
        terminal.answer("New password: ", PASSWORD)
        terminal.answer("again: ", PASSWORD)
        ok(terminal.end() == 0 and "anna is signed in" in terminal.screen, "licet login works on a terminal",
           terminal.screen)
        terminal = Terminal(server, home, "login")
        terminal.answer("Name: ", "anna")
        terminal.answer("Password: ", PASSWORD)
        ok(terminal.end() == 0 and PASSWORD not in terminal.screen and "anna" in terminal.screen,
           "a password is not shown while it is typed", terminal.screen)
        main, side = pty.openpty()
        before = termios.tcgetattr(side)
        # Whoever started us may ignore the signal, and a child would inherit that.
        left = subprocess.Popen([LICET, "login", "--name", "anna"], env=environment(server, home), stdin=side,
                                stdout=side, stderr=side,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        select.select([main], [], [], harness.WAIT_SECONDS)  # the question: from now on nothing is shown
        hidden = termios.tcgetattr(side)
        left.send_signal(signal.SIGINT)
        ok(left.wait(harness.WAIT_SECONDS) == -signal.SIGINT and hidden[3] != before[3] and
           termios.tcgetattr(side) == before, "a signal at the password ends it, and leaves the terminal as it was")
        os.close(main)
        os.close(side)


def test_leases():
    home = path_of("leases-home")
    with Server(VENDOR) as server:
        server.serve(harness.increment("cad_pro", 3000), harness.increment("sim", 2, "L-2"))
        none = licet(server, home, "leases")
        ok(none.returncode == 5 and "licet login" in none.stderr,
           "R10.6 licet leases without a token says how to get one", none.stderr)
        licet(server, home, "login", "--name", "root", "--role", "viewer", text=PASSWORD + "\n")
        empty = licet(server, home, "leases")
        ok(empty.returncode == 0 and empty.stdout == "nobody holds a seat\n",
           "R10.6 a viewer sees that nobody is there", empty.stdout + empty.stderr)
        with server.connect() as connection:
            granted = connection.call("CHECKOUT", "sim", harness.new_id(), "COUNT", "2", "USER", "zoë",
                                      "HOST", "desk-7")
            one = licet(server, home, "leases")
            ok(harness.word_of(granted) == "GRANTED" and
               re.search(r"^ +\d+ +acme +sim +zoë +desk-7 +2 +20\d\d-\S+Z +\d+s +-$", one.stdout, re.MULTILINE),
               "R10.6 or who holds what, since when", one.stdout + one.stderr)
            for _ in range(1200):
                connection.send(harness.command_bytes("CHECKOUT", "cad_pro", harness.new_id()))
            words = {harness.word_of(connection.read()) for _ in range(1200)}
            pages = licet(server, home, "leases")
            handles = re.findall(r"^ +(\d+) ", pages.stdout, re.MULTILINE)
            ok(words == {"GRANTED"} and len(handles) == len(set(handles)) == 1201 and pages.stdout.count("HANDLE") == 1,
               "more than a page is shown whole", f"{words} {len(handles)} {pages.stderr}")
        ok(licet(server, home, "leases", "--feature", "sim", "--vendor", "acme").stdout.count("\n") == 2,
           "a feature's leases are shown by themselves")
        ok("nobody holds a seat of old" in licet(server, home, "leases", "--feature", "old").stdout,
           "also where there are none")
        ok(licet(server, home, "leases", "--feature", "a b").returncode == 2, "a name that is none is refused")
        wrong = licet(server, home, "leases", LICET_TOKEN="licet_wrong")
        ok(wrong.returncode == 5 and "licet login" in wrong.stderr, "R10.6 a token that has ended shows nothing",
           wrong.stdout + wrong.stderr)
        away = licet(server, home, "leases", LICET_SERVER="192.0.2.1:7380")
        ok(away.returncode == 4 and "encrypts" in away.stderr, "R10.5 no token is sent to another machine", away.stderr)
    gone = licet(server, home, "leases")
    ok(gone.returncode == 9 and "127.0.0.1" in gone.stderr, "a server that is not there is named", gone.stderr)


def row_of(text, feature):
    return next((line for line in text.split("\n") if line.split()[:1] == [feature]), "")


def test_covers():
    home = path_of("covers-home")
    with Server(VENDOR) as server:
        server.serve(harness.increment("cad_pro", 3, covers="cad_std"),
                     harness.increment("cad_max", 2, "L-2", covers=["cad_std", "old"]),
                     harness.increment("past", 2, "L-3", expiry="2020-01-01", covers="old"),
                     harness.increment("stale", 2, "L-4", refresh_by="2020-01-01", covers="old"))
        server.call("CHECKOUT", "cad_std", harness.new_id())
        features = {row["feature"]: row for row in server.get("/status").json["features"]}
        ok(features["cad_std"]["covered_by"] == ["cad_pro", "cad_max"] and features["cad_pro"]["covered_by"] == [],
           "/status names the features through which another is served", features)
        shown = licet(server, home, "status").stdout
        ok(re.search(r"^  cad_std +- +1 +0 +- +-  served through cad_pro, cad_max$", row_of(shown, "cad_std")),
           "licet status shows it, and no seats and end that are not its own", shown)
        ok(features["old"]["covered_by"] == ["cad_max"],
           "a line that has ended, or is past its refresh-by, covers nothing", features)
        ok("through" not in row_of(shown, "cad_pro") and "permanent" in row_of(shown, "cad_pro"),
           "a feature with lines is shown as before", shown)


def test_drain():
    """R4.2: a preview names whom the drain would end, and the drain then ends these."""
    home, path = path_of("drain-home"), path_of("drain.lic")
    with Server(VENDOR) as server, server.connect() as connection:
        server.serve(harness.increment("cad_pro", 4, drain="0h", ttl="10s"), harness.increment("sim", 5, "L-2"))
        leases = {f"user-{index}": harness.new_id() for index in range(4)}
        handles = {user: connection.call("CHECKOUT", "cad_pro", lease, "USER", user, "HOST", "desk-7")[1]
                   for user, lease in leases.items()}
        connection.call("CHECKOUT", "sim", harness.new_id(), "COUNT", "3")
        smaller = VENDOR.license(server, 2, harness.increment("cad_pro", 1, drain="0h", ttl="10s"),
                                 harness.increment("sim", 3, "L-2"))
        with open(path, "w", encoding="ascii") as file:
            file.write(smaller)
        drain = server.post("/license/preview", smaller, token=server.administrator()).json["drain"]
        ok(drain["features"] == [{"feature": "cad_pro", "leases": 3, "seats": 3}],
           "R4.2 the preview says how many leases of which feature would end", drain)
        ok({(row["user"], row["host"], row["handle"]) for row in drain["leases"]} ==
           {(user, "desk-7", handles[user]) for user in ("user-1", "user-2", "user-3")},
           "R4.2 and names the newest of them, who would have to go", drain)
        licet(server, home, "login", "--name", "root", text=PASSWORD + "\n")
        shown = licet(server, home, "install", path)
        ok("cad_pro: 3 leases with 3 seats\n" in shown.stdout and
           f"lease {handles['user-3']}: user-3 on desk-7, 1 of cad_pro\n" in shown.stdout and
           "user-0" not in shown.stdout and "sim:" not in shown.stdout, "R4.2 licet install shows it before it asks",
           shown.stdout + shown.stderr)
        words = {user: harness.word_of(connection.call("RENEW", lease)) for user, lease in leases.items()}
        ok(set(words.values()) == {"GRANTED"}, "R4.2 until then everybody goes on", words)
        server.install(smaller)
        words = {user: harness.word_of(connection.call("RENEW", lease)) for user, lease in leases.items()}
        ok({user for user, word in words.items() if word != "GRANTED"} == {row["user"] for row in drain["leases"]},
           "R4.5 and those who were named are those who are not renewed", words)
        larger = VENDOR.license(server, 3, harness.increment("cad_pro", 9), harness.increment("sim", 3, "L-2"))
        drain = server.post("/license/preview", larger, token=server.administrator()).json["drain"]
        ok(drain == {"features": [], "leases": []}, "R4.2 where nothing shrinks nobody is named", drain)


def test_log():
    with Server(VENDOR) as server:
        server.serve(harness.increment("cad_pro", 3))
        ok(re.search(r'license\.installed vendor=acme generation=1 .*by="root"', server.log()),
           "the log says who installed a file", server.log())
        server.post("/license/preview", "nothing", token=server.administrator())
        ok(re.search(r'license\.refused act=preview code=INVALID by="root"', server.log()),
           "and whose preview was refused, and why", server.log())
        smaller = VENDOR.license(server, 2, harness.increment("cad_pro", 1))
        server.install(smaller, confirm=False)
        ok(re.search(r'license\.refused act=install code=SHRINKS by="root"', server.log()),
           "also an installation", server.log())



def first_handle(server, home):
    """Of the lease that somebody is about to take."""
    end = time.monotonic() + harness.WAIT_SECONDS
    while time.monotonic() < end:
        found = re.search(r"^ +(\d+) ", licet(server, home, "leases").stdout, re.MULTILINE)
        if found:
            return found.group(1)
    return "0"


def test_end():
    home = path_of("end-home")
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1, ttl="10s"))
        licet(server, home, "login", "--name", "root", text=PASSWORD + "\n")
        viewer = server.token_of("viewer")
        with subprocess.Popen([LICET, "run", "sim", "--grace", "1", "--", "sleep", "60"], stderr=subprocess.PIPE, text=True,
                              env=environment(server, home, LICET_ROOT=VENDOR.root, LICET_VENDOR="acme")) as holder:
            handle = first_handle(server, home)
            ok(licet(server, home, "end", handle, LICET_TOKEN=viewer).returncode == 4,
               "R10.4 a viewer ends nobody's lease")
            ended = licet(server, home, "end", handle)
            taken = server.call("CHECKOUT", "sim", harness.new_id(), "USER", "bob")
            ok(ended.returncode == 0 and harness.word_of(taken) == "GRANTED",
               "R10.4 an administrator ends a lease by its handle, and another has the seat at once",
               f"{ended.stderr} {taken}")
            code, said = holder.wait(120), holder.stderr.read()
            ok(code == 124 and "administrator" in said, "R10.4 its holder is told who ended it, and stops",
               f"{code} {said}")
        ok(re.search(r'lease\.ended handle=%s by="root"' % handle, server.log()), "R10.4 the log says who ended it",
           server.log())
        ok(licet(server, home, "end", handle).returncode == 0, "ending it again is no failure")
        none = licet(server, home, "end", "999999")
        ok(none.returncode == 3 and "999999" in none.stderr, "a handle that nobody has is named", none.stderr)
        ok(licet(server, home, "end", "me").returncode == 2, "a handle is a number")
        ok(harness.word_of(server.call("END", str(taken[1]))) == "NOAUTH", "R10.4 END needs a token")
        with server.connect() as connection:
            connection.call("AUTH", viewer)
            ok(harness.word_of(connection.call("END", taken[1])) == "NOAUTH", "R10.4 an administrator's")
            connection.call("AUTH", server.administrator())
            ok(connection.call("END", taken[1]) == ["ENDED", taken[1]], "R10.4 END is answered as CHECKIN is")
        ok(len(re.findall(r'lease\.ended handle=\d+ by="root"', server.log())) == 3, "each is logged", server.log())
        server.stop()
        server.start()
        ok(harness.word_of(server.call("CHECKOUT", "sim", harness.new_id())) == "GRANTED",
           "R10.4 what was ended has ended after a restart, too")


harness.run(test_first, test_later, test_terminal, test_leases, test_covers, test_drain, test_log, test_end)
