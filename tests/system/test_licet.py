"""The command line of licet beside stock ssh-keygen: test_licet.py LICET FIELD-TABLE SOURCE-DIRECTORY. TAP."""
import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from tap import done, ok  # noqa: E402

LICET, FIELD_TABLE, ROOT = map(os.path.abspath, sys.argv[1:4])
GOLDEN = os.path.join(ROOT, "tests", "data", "golden")
KEYS = os.path.join(ROOT, "tests", "data", "keys")
VERIFY = os.path.join(ROOT, "tools", "verify.sh")

DRAFT = """\
# Licet license file. Every line is signed: do not edit.
LICENSE 1 vendor=acme customer=C-1 generation=1 issued=2026-11-24T09:12:33Z serial=A1
SERVER london-lic01 id=S-1 key=KEY
INCREMENT cad_pro sn=LA-1 seats=300 maintenance=2027-11-24 expiry=permanent covers=cad_std overdraft=30 grace=720h
INCREMENT sim sn=LA-2 model=user-device seats=20 maintenance=2027-03-01 expiry=2027-03-01
"""


def run(*command, text=None):
    return subprocess.run(command, check=False, capture_output=True, text=True, input=text)


def licet(*arguments, text=None):
    return run(LICET, *arguments, text=text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def fingerprint(path):
    return run("ssh-keygen", "-l", "-f", path).stdout.split()[1]


def verify_stock(path, allowed="allowed"):
    return run(VERIFY, path, allowed).returncode


def test_keys():
    made = licet("key", "root", "-f", "root", "-C", "acme root")
    ok(made.returncode == 0 and mode_of("root") == 0o400, "R9.1 a root key is made, mode 0400", made.stderr)
    ok(fingerprint("root.pub") in made.stdout, "its fingerprint is what ssh-keygen -l prints")
    ok(run("ssh-keygen", "-y", "-f", "root").stdout.split()[1] == read("root.pub").split()[1],
       "ssh-keygen reads our private key")
    again = licet("key", "root", "-f", "root")
    ok(again.returncode == 25 and "never overwritten" in again.stderr, "a key is never overwritten")
    licet("key", "issuing", "-f", "issuing")
    licet("key", "server", "-f", "server")
    made = licet("key", "certify", "--root", "root", "--vendor", "acme", "--from", "2026-10-01", "--to", "2027-01-31",
                 "--serial", "42", "issuing.pub")
    shown = run("env", "TZ=UTC", "ssh-keygen", "-L", "-f", "issuing-cert.pub").stdout
    ok(made.returncode == 0 and "licensing@acme" in shown and "Serial: 42" in shown and
       "from 2026-10-01T00:00:00 to 2027-02-01T00:00:00" in shown, "R9 ssh-keygen shows our certificate", shown)
    write("allowed", licet("key", "allowed", "--vendor", "acme", "root.pub").stdout)
    ok(read("allowed").startswith('licensing@acme cert-authority,namespaces="license@licet" ssh-ed25519 '),
       "R9.2 the line for allowed_signers has the principal first and one namespace")
    wrong = licet("key", "certify", "--root", "root", "--vendor", "acme", "--from", "2027-01-31", "--to", "2026-10-01",
                  "issuing.pub")
    ok(wrong.returncode == 2 and "end before it begins" in wrong.stderr, "a window that ends before it begins is refused")


def test_sign():
    write("draft", DRAFT.replace("KEY", fingerprint("server.pub")))
    refused = licet("file", "sign", "-k", "issuing", "draft")
    ok(refused.returncode == 2 and "line 2: not wrapped" in refused.stderr and refused.stdout == "",
       "R2.3 a draft that is not wrapped is not signed")
    ok("licet file format" in refused.stderr, "and it is said what wraps it", refused.stderr)
    refused = licet("file", "sign", "-k", "issuing.pub", "draft")
    ok("public key" in refused.stderr, "a public key in place of the private one is named so", refused.stderr)
    refused = licet("file", "format", "-", text=read("draft").replace(" sn=LA-1", ""))
    ok(refused.returncode == 2 and "sn=: missing (lines are counted in what was printed)" in refused.stderr,
       "file format says where the line that it blames stands", refused.stderr)
    misspelt = licet("file", "format", "-", text=read("draft").replace("overdraft=", "overdaft="))
    ok(misspelt.returncode == 0 and "disabled: needs a newer licetd, which knows overdaft=30" in misspelt.stderr,
       "a misspelt field, which disables its line, is noted by file format", misspelt.stderr)
    signed = licet("file", "sign", "-k", "issuing", "-", text=misspelt.stdout)
    ok(signed.returncode == 0 and "disabled: needs a newer licetd, which knows overdaft=30" in signed.stderr,
       "and by file sign", signed.stderr)
    misspelt = licet("file", "format", "-", text=read("draft").replace("INCREMENT", "INCREMNT"))
    ok('"INCREMNT" begins no line that licetd serves' in misspelt.stderr, "a misspelt line, too", misspelt.stderr)
    formatted = licet("file", "format", "draft")
    ok(formatted.returncode == 0 and max(map(len, formatted.stdout.splitlines())) <= 76,
       "R2.3 file format wraps it at column 76", formatted.stderr)
    write("payload", formatted.stdout)
    signed = licet("file", "sign", "-k", "issuing", "-o", "acme.lic", "payload")
    ok(signed.returncode == 0 and read("acme.lic").startswith(formatted.stdout), "a formatted draft is signed",
       signed.stderr)
    ok(licet("file", "sign", "-k", "issuing", "payload").stdout == read("acme.lic"),
       "signing the same again gives the same file")
    ok(verify_stock("acme.lic") == 0, "stock ssh-keygen -Y verify accepts what we sign")
    late = formatted.stdout.replace("issued=2026-11-24", "issued=2027-02-01")
    refused = licet("file", "sign", "-k", "issuing", "-", text=late)
    ok(refused.returncode == 21 and "ended at 2027-02-01T00:00:00Z" in refused.stderr,
       "R9 a draft issued after the certificate's end is not signed", refused.stderr)
    refused = licet("file", "sign", "-k", "issuing", "-", text=formatted.stdout.replace("vendor=acme", "vendor=acmf"))
    ok(refused.returncode == 21, "R9 a draft of another vendor is not signed")
    refused = licet("file", "sign", "-k", "issuing", "acme.lic")
    ok(refused.returncode == 2 and refused.stdout == "", "a signed file is not signed again")


def test_verify():
    good = licet("file", "verify", "--root", "root.pub", "--vendor", "acme", "acme.lic")
    ok(good.returncode == 0 and "valid until  2027-02-01T00:00:00Z" in good.stdout and
       fingerprint("issuing.pub") in good.stdout, "file verify says who signed and within which dates", good.stderr)
    text = read("acme.lic")
    mailed = licet("file", "verify", "--root", "root.pub", "-", text=text.replace("\n", " \r\n") + "\r\n\r\n")
    ok(mailed.returncode == 0 and "carriage returns" in mailed.stdout, "R2.6 a mailed file is accepted, with a warning")
    ok(verify_stock(write("mailed.lic", text.replace("\n", " \r\n") + "\r\n")) == 0, "by tools/verify.sh, too")
    bad = licet("file", "verify", "--root", "root.pub", "-", text=text.replace("seats=300", "seats=301"))
    ok(bad.returncode == 20 and "changed after it was signed" in bad.stderr, "a changed file has exit code 20")
    bad = licet("file", "verify", "--root", "server.pub", "acme.lic")
    ok(bad.returncode == 21, "R9 another root has exit code 21")
    bad = licet("file", "verify", "--root", "root.pub", "--vendor", "globex", "acme.lic")
    ok(bad.returncode == 21 and "globex is expected" in bad.stderr, "another vendor has exit code 21")
    ok(licet("file", "verify", "acme.lic").returncode == 2, "without a root nothing is verified")
    ok(licet("file", "verify", "--root", "root.pub", "none.lic").returncode == 3, "a missing file has exit code 3")
    bad = licet("file", "verify", "--root", "root.pub", "-", text="x" * (1024 * 1024 + 1))
    ok(bad.returncode == 32, "R2.1 more than 1 MiB is refused")


def test_show():
    shown = licet("file", "show", "acme.lic").stdout
    ok("NOT CHECKED" in shown, "file show without a root says that nothing was checked")
    shown = licet("file", "show", "--root", "root.pub", "acme.lic").stdout
    ok("signature   good" in shown and re.search(r"cad_pro +LA-1 +300 +30 +2027-11-24", shown) is not None,
       "file show prints a table", shown)
    ok("not served: grace" in shown, "R2.5 a permission that is not served is shown")
    ok("disabled: needs a later licetd, which serves model" in shown, "R2.5 a disabled line says why")


def test_stock_signs():
    """What ssh-keygen makes in our form, we accept: keys, certificate, signature."""
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "stock-root")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "stock")
    run("env", "TZ=UTC", "ssh-keygen", "-q", "-s", "stock-root", "-I", "signer 2026Q4", "-n", "licensing@acme",
        "-V", "20261001:20270131", "-z", "7", "stock.pub")
    payload = read("payload")
    block = run("ssh-keygen", "-Y", "sign", "-n", "license@licet", "-f", "stock-cert.pub", text=payload).stdout
    write("stock.lic", payload + block)
    good = licet("file", "verify", "--root", "stock-root.pub", "stock.lic")
    ok(good.returncode == 0 and "signer 2026Q4, serial 7" in good.stdout, "what ssh-keygen signs in our form, we accept",
       good.stderr)
    ok(licet("file", "sign", "-k", "stock", "payload").stdout == read("stock.lic"),
       "we and ssh-keygen make the same block with the same key")
    plain = run("ssh-keygen", "-Y", "sign", "-n", "license@licet", "-f", "stock", text=payload).stdout
    bad = licet("file", "verify", "--root", "stock-root.pub", "-", text=payload + plain)
    ok(bad.returncode == 21 and "no certificate" in bad.stderr, "R9 a signature without its certificate is refused")
    other = run("ssh-keygen", "-Y", "sign", "-n", "file", "-f", "stock-cert.pub", text=payload).stdout
    bad = licet("file", "verify", "--root", "stock-root.pub", "-", text=payload + other)
    ok(bad.returncode == 21 and 'made for "file"' in bad.stderr, "R9 another namespace is refused")
    run("ssh-keygen", "-q", "-s", "stock-root", "-I", "x", "-n", "licensing@acme", "-O", "force-command=x",
        "-V", "20261001:20270131", "stock.pub")
    block = run("ssh-keygen", "-Y", "sign", "-n", "license@licet", "-f", "stock-cert.pub", text=payload).stdout
    bad = licet("file", "verify", "--root", "stock-root.pub", "-", text=payload + block)
    ok(bad.returncode != 0 and "critical option" in bad.stderr, "R9 a critical option is refused")
    run("ssh-keygen", "-q", "-h", "-s", "stock-root", "-I", "x", "-n", "licensing@acme", "stock.pub")
    block = run("ssh-keygen", "-Y", "sign", "-n", "license@licet", "-f", "stock-cert.pub", text=payload).stdout
    bad = licet("file", "verify", "--root", "stock-root.pub", "-", text=payload + block)
    ok(bad.returncode != 0, "R9 a host certificate is refused")


def test_golden():
    names = sorted(name for name in os.listdir(GOLDEN) if name.endswith(".lic"))
    allowed = write("golden-allowed", licet("key", "allowed", "--vendor", "acme", os.path.join(KEYS, "root.pub")).stdout)
    ok(len(names) == 10, "ten golden files")
    for name in names:
        path = os.path.join(GOLDEN, name)
        ours = licet("file", "verify", "--root", os.path.join(KEYS, "root.pub"), path)
        ok(ours.returncode == 0 and verify_stock(path, allowed) == 0, f"R9.2 ssh-keygen and we accept {name}", ours.stderr)
    changed = read(os.path.join(GOLDEN, "plain.lic")).replace("seats=300", "seats=301")
    ok(verify_stock(write("changed.lic", changed), allowed) != 0, "neither accepts a changed one")


def test_commands():
    helped = licet("help")
    ok(helped.returncode == 0 and helped.stdout.count("\n  licet ") >= 9, "licet help lists the commands")
    ok(licet().returncode == 2 and licet("file").returncode == 2 and licet("nonsense").returncode == 2,
       "what is no command has exit code 2")
    unknown, group = licet("nonsense"), licet("key", "rot")
    ok("no command \"nonsense\"" in unknown.stderr and unknown.stderr.count("\n") == 1, "and is named", unknown.stderr)
    ok(group.stderr.count("licet key ") == 6 and "licet file" not in group.stderr,
       "half a command is answered by what may follow", group.stderr)
    ok(licet("--version").stdout.startswith("licet 0."), "licet --version prints the version")
    ok("show|\n" not in helped.stdout and "|\n" not in helped.stdout, "no line of licet help ends with an empty word", helped.stdout)
    for words, told, count in ((("run",), "licet run FEATURE", 1), (("key",), "licet key revoke", 6), (("key", "root"), "licet key root", 1),
                               (("order place",), "licet order place --customer", 1), (("file", "show"), "licet file show", 1),
                               (("login",), "licet login", 1), (("exchange",), "licet exchange FILE", 2)):
        of_one = licet("help", *words)
        ok(of_one.returncode == 0 and told in of_one.stdout and of_one.stdout.count("  licet ") == count,
           f"licet help {' '.join(words)} shows what begins with that", of_one)
    for words in (("nosuch",), ("ru",), ("order", "pay"), ("",), ("x" * 300,)):
        of_none = licet("help", *words)
        ok(of_none.returncode == 2 and f'no command "{words[0][:80]}' in of_none.stderr and of_none.stdout == "",
           f"licet help {' '.join(words)[:20]} names the word that is unknown", of_none)
    for name in ("key root", "key certify", "key allowed", "file format", "file sign", "file show", "file verify",
                 "status", "why", "install", "request", "receipt"):
        wrong = licet(*name.split(), "--nonsense")
        ok(wrong.returncode == 2 and wrong.stderr.startswith(f"licet: usage: licet {name}"),
           f"a wrong option of {name} is answered by its usage", wrong.stderr)
    page = read(os.path.join(ROOT, "man", "licet.1")) + read(os.path.join(ROOT, "man", "licet-portal-acts.1"))
    lines = [line.split() for line in helped.stdout.splitlines() if line.startswith("  licet ")]
    names = [[word for word in line[1:3] if word.isalpha() and word.islower()] for line in lines]
    missing = [name for name in names if not all(word in page for word in name)]
    ok(not missing, "licet(1) knows every command", missing)


class Hostile(http.server.BaseHTTPRequestHandler):
    """A server whose every text would clear the screen and set the title of the terminal that shows it."""
    TEXT = "a\x1b[2J\x1b]0;title\x07b\u009b2Jc"
    ANSWER = {"name": TEXT, "vendor": TEXT, "customer": TEXT, "hash": TEXT, "warnings": [TEXT], "title": TEXT,
              "changes": [{"change": TEXT, "sn": TEXT, "feature": TEXT, "remark": TEXT}],
              "vendors": [{"vendor": TEXT, "generation": 1, "customer": TEXT}],
              "features": [{"feature": TEXT, "maintenance": TEXT, "ends": TEXT}]}

    def do_GET(self):
        self.answer(200, self.ANSWER)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if "install" in self.path:
            self.answer(409, {"code": "CONFLICT", "detail": self.TEXT})
        else:
            self.answer(200, self.ANSWER)

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_terminal():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**os.environ, "LICET_SERVER": f"127.0.0.1:{server.server_port}", "LICET_TOKEN": "licet_token"}
    for arguments in (["status"], ["install", "--yes", write("any.lic", "any\n")]):
        shown = subprocess.run([LICET, *arguments], check=False, capture_output=True, env=environment)
        text = (shown.stdout + shown.stderr).decode()
        ok("a" in text and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text),
           f"licet {arguments[0]} shows nothing of a server's that could steer a terminal", repr(text))
    server.shutdown()
    server.server_close()


def test_manual():
    page = read(os.path.join(ROOT, "man", "licet-file.5"))
    table = re.search(r'^\.\\" fields begin.*?\n(.*)^\.\\" fields end', page, re.MULTILINE | re.DOTALL)
    ok(table is not None and table.group(1) == run(FIELD_TABLE).stdout,
       "R2.2 the fields of licet-file(5) are those of the table in the code (build/tools/field_table prints them)")


def main():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    try:
        test_keys()
        test_sign()
        test_verify()
        test_show()
        test_stock_signs()
        test_golden()
        test_commands()
        test_terminal()
        test_manual()
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    done()


main()
