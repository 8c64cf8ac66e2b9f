"""A real licet-portal to start, ask and kill; beside harness.py, of which it takes processes and HTTP."""
import contextlib
import json
import os
import re
import secrets
import sqlite3
import subprocess

import harness
import openapi
from harness import PASSWORD, Server, as_user, path_of, program

PORTAL = os.path.join(harness.BUILD, "src", "main", "licet-portal")
STAFF = "anna@acme.example"
POSTGRESQL = os.environ.get("LICET_TEST_POSTGRESQL")


def psql(url, sql):
    """Rows of a statement on PostgreSQL, without their types."""
    run = subprocess.run(["psql", "--no-psqlrc", "-qAt", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-c", sql, url], check=True,
                         capture_output=True, text=True)
    return [tuple(int(value) if re.fullmatch(r"-?\d+", value) else value for value in line.split("\x1f")) for line in
            run.stdout.splitlines()]


def literal(value):
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Portal(Server):
    """One licet-portal on a free port with a database of its own: in SQLite, or where tests/tools/with-postgresql started
    the test in PostgreSQL. As a context it is stopped at the end, and what it leaves is audited."""

    databases = 0

    def __init__(self, *options, database=None, is_sqlite=POSTGRESQL is None):
        super().__init__([], *options)
        self.database = database or self.new_database(is_sqlite)

    def new_database(self, is_sqlite):
        if is_sqlite:
            return "sqlite:" + os.path.join(self.state, "portal.db")
        Portal.databases += 1
        psql(POSTGRESQL, f"CREATE DATABASE portal_{Portal.databases}")
        return POSTGRESQL.replace("/postgres?", f"/portal_{Portal.databases}?")

    def command(self):
        return as_user(program(PORTAL), "--database", self.database, "--listen", self.listen, *self.options)

    def start(self):
        self.spawn()
        self.wait_for_log(r"\bportal\.serving\b")
        host, port = re.search(r"\bportal\.listening address=(\S+):(\d+)", self.log()).groups()
        self.address = (host.strip("[]"), int(port))
        return self

    def __exit__(self, kind, *_):
        super().__exit__(kind, *_)
        if kind is None:
            self.audit()

    def audit(self):
        run = portal_run("audit", "--database", self.database, *self.options, timeout=3600)  # a million files
        if run.returncode != 0:
            raise AssertionError(f"licet-portal audit: {run.stdout}{run.stderr}")
        return run.stdout

    def ask(self, method, target, body=None, headers=(), key=None, **options):
        """A call with a JSON body, where there is one, under a key of its own unless one is given ("": none). The answer
        must be one that openapi.json describes."""
        headers = list(headers)
        if method != "GET" and key != "":
            headers.append(("Idempotency-Key", key or secrets.token_hex(8)))
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            body = json.dumps(body) if not isinstance(body, (str, bytes)) else body
        answer = self.http(method, target, body or b"", headers, **options)
        complaints = openapi.judge(method, target, body, answer)
        if complaints:
            raise AssertionError(f"{method} {target}: not as openapi.json says: {complaints}\n{answer}")
        return answer

    def init(self):
        """The one-time token of the setup."""
        run = portal_run("init", "--database", self.database)
        if run.returncode != 0:
            raise RuntimeError(f"licet-portal init: {run.stderr}")
        return run.stdout.strip()

    def setup(self, email=STAFF, password=PASSWORD):
        """Makes the vendor and its first person; gives back the token of her session."""
        answer = self.ask("POST", "/api/setup", {"token": self.init(), "organization": "Acme", "email": email,
                                                 "name": "Anna", "password": password})
        return answer.json["token"]

    def sign_in(self, email=STAFF, password=PASSWORD):
        return self.ask("POST", "/api/session", {"email": email, "password": password})

    def query(self, sql, *arguments):
        """Rows of the database behind the portal, and changes to it; `?` stands for an argument."""
        if not self.database.startswith("sqlite:"):
            parts = sql.split("?")
            return psql(self.database, "".join(part + literal(value) for part, value in zip(parts, arguments)) + parts[-1])
        with contextlib.closing(sqlite3.connect(self.database.removeprefix("sqlite:"), timeout=harness.WAIT_SECONDS)) as database:
            with database:
                return database.execute(sql, arguments).fetchall()

    def member(self, staff, organization, email, role, name="Bert", password=PASSWORD):
        """A person of an organisation who has come in: her id, and the token of her session."""
        answer = self.ask("POST", f"/api/organizations/{organization}/people", {"email": email, "name": name, "role": role},
                          token=staff)
        come = self.ask("POST", "/api/invitation", {"token": answer.json["invitation"], "password": password})
        return answer.json["person"], come.json["token"]

    def organization(self, staff, kind, name):
        return self.ask("POST", "/api/organizations", {"kind": kind, "name": name}, token=staff).json["id"]


def portal_run(*arguments, user=True, timeout=harness.WAIT_SECONDS):
    """licet-portal with other words than those that serve."""
    command = [program(PORTAL), *arguments]
    return subprocess.run(as_user(*command) if user else command, check=False, capture_output=True, text=True,
                          cwd=path_of(""), timeout=timeout)


def routes():
    """[(act, method, path, roles, largest body)] as the program knows them."""
    lines = portal_run("routes").stdout.splitlines()
    return [(act, method, path, set(roles.split(",")), int(size)) for act, method, path, roles, size in
            (line.split(" ") for line in lines)]
