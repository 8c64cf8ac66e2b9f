"""A real licet-portal to start, ask and kill; beside harness.py, of which it takes processes and HTTP."""
import json
import os
import re
import subprocess

import harness
from harness import Server, as_user, path_of, program

PORTAL = os.path.join(harness.BUILD, "src", "main", "licet-portal")


class Portal(Server):
    """One licet-portal on a free port with a SQLite database of its own. As a context it is stopped at the end."""

    def __init__(self, *options, database=None):
        super().__init__([], *options)
        self.database = database or "sqlite:" + os.path.join(self.state, "portal.db")

    def command(self):
        return as_user(program(PORTAL), "--database", self.database, "--listen", self.listen, *self.options)

    def start(self):
        self.spawn()
        self.wait_for_log(r"\bportal\.serving\b")
        host, port = re.search(r"\bportal\.listening address=(\S+):(\d+)", self.log()).groups()
        self.address = (host.strip("[]"), int(port))
        return self

    def ask(self, method, target, body=None, headers=(), **options):
        """A call with a JSON body, where there is one."""
        headers = list(headers)
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            body = json.dumps(body) if not isinstance(body, (str, bytes)) else body
        return self.http(method, target, body or b"", headers, **options)


def portal_run(*arguments, user=True):
    """licet-portal with other words than those that serve."""
    command = [program(PORTAL), *arguments]
    return subprocess.run(as_user(*command) if user else command, check=False, capture_output=True, text=True,
                          cwd=path_of(""), timeout=harness.WAIT_SECONDS)


def routes():
    """[(act, method, path, roles, largest body)] as the program knows them."""
    lines = portal_run("routes").stdout.splitlines()
    return [(act, method, path, set(roles.split(",")), int(size)) for act, method, path, roles, size in
            (line.split(" ") for line in lines)]
