#!/usr/bin/python3
"""What the programs are linked with, and what else could be turned on in them (rows 56 to 59 and 67 of README.md)."""
import os
import re
import subprocess

from attack import harness
from harness import ok

DAEMON = {"libinih.so.1", "libseccomp.so.2", "libsodium.so.23", "libc.so.6"}
WEB = {"libmicrohttpd.so.12", "libjansson.so.4"}
ALLOWED = {
    "src/main/licetd": DAEMON | WEB | {"libuv.so.1"},
    "src/main/licet-portal": DAEMON | WEB | {"libsqlite3.so.0", "libpq.so.5", "libcurl-gnutls.so.4"},
    "src/main/licet-signer": DAEMON,
    "src/main/licet": {"libsodium.so.23", "libcurl-gnutls.so.4", "libjansson.so.4", "libc.so.6"},
    "src/client/liblicet.so": {"libsodium.so.23", "libc.so.6"},
}


def needed(path):
    text = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", text)) - {"libasan.so.8", "libubsan.so.1", "libm.so.6"}


def loaded(path):
    """With everything that those need themselves."""
    text = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^\s*(\S+)", text, re.M))


def test_links():
    for name, allowed in ALLOWED.items():
        path = os.path.join(harness.BUILD, name)
        ok(needed(path) <= allowed, f"row 67: {name} is linked with what it needs, and nothing else", needed(path) - allowed)
        xml = {library for library in loaded(path) if re.search("xml|expat|xerces", library)}
        ok(not xml, f"row 56: {name} reads no XML", xml)


def test_switches():
    """Whoever may not sign in cannot let himself in by configuration that comes over the wire, nor have something fetched."""
    routes = subprocess.run([os.path.join(harness.BUILD, "src/main/licet-portal"), "routes"], check=True, capture_output=True,
                            text=True).stdout
    acts = [line.split()[:3] for line in routes.splitlines()]
    found = [act for act in acts if re.search("config|setting|listen|option|debug|import|fetch|url", " ".join(act))]
    ok(len(acts) > 40 and not found, "rows 58, 59: no act changes how the portal listens, or makes it fetch anything", found)


harness.run(test_links, test_switches)
