"""A stolen issuing key: the vendor's numbered list, made, installed, relayed and believed (R9.3)."""
import os
import subprocess

import harness
from harness import LICET, Server, Vendor, increment, ok


def licet(*arguments, server=None, vendor=None):
    environment = dict(os.environ)
    if server:
        environment.update(LICET_SERVER=f"127.0.0.1:{server.address[1]}", LICET_TOKEN=server.administrator())
    if vendor:
        environment.update(LICET_ROOT=vendor.root)
    return subprocess.run([LICET, *arguments], check=False, capture_output=True, text=True, env=environment,
                          stdin=subprocess.DEVNULL, timeout=60)


def revoke(vendor, name, start, previous=None, key=None, root=None, of=None):
    """Makes a list; the answer and its path."""
    path = os.path.join(vendor.folder, name)
    more = ["--previous", previous] if previous else []
    return licet("key", "revoke", "--root", root or os.path.join(vendor.folder, "root"), "--vendor",
                 of or vendor.name, "--from", start, *more, "-o", path,
                 key or os.path.join(vendor.folder, "issuing.pub")), path


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def check_making():
    vendor, other = Vendor(), Vendor("other")
    made, first = revoke(vendor, "list1", "2026-06-01")
    ok(made.returncode == 0 and text_of(first).startswith("REVOCATIONS 1 vendor=acme number=1 issued="),
       "R9.3 licet key revoke makes list 1, signed by the root", made.stderr)
    made, second = revoke(vendor, "list2", "2026-03-01", first, os.path.join(other.folder, "issuing.pub"))
    ok(made.returncode == 0 and " number=2 " in text_of(second) and text_of(second).count("\nREVOKED key=") == 2,
       "R9.3 the next list has the number 2 and keeps the first key", made.stderr)
    made, third = revoke(vendor, "list3", "2026-02-01", second)
    ok(made.returncode == 0 and "2026-06-01" not in text_of(third) and "from=2026-02-01T00:00:00Z" in text_of(third),
       "R9.3 a key can be revoked from an earlier time", made.stderr)
    made, path = revoke(vendor, "list4", "2026-05-01", third)
    ok(made.returncode == 25 and not os.path.exists(path), "R9.3 but not from a later one", made.stderr)
    made, path = revoke(vendor, "list4", "2026-05-01", third, of="other")
    ok(made.returncode == 25 and not os.path.exists(path), "R9.3 a list goes on as one of its own vendor", made.stderr)
    made, path = revoke(vendor, "list4", "2026-01-01", third, root=os.path.join(other.folder, "root"))
    ok(made.returncode == 21 and not os.path.exists(path), "R9.3 a list goes on under its own root", made.stderr)
    made, _ = revoke(vendor, "list1", "2026-01-01")
    ok(made.returncode == 25 and " number=1 " in text_of(first), "R9.3 a list is never overwritten", made.stderr)
    stolen = os.path.join(vendor.folder, "file")
    with open(stolen, "w", encoding="ascii") as file:
        file.write(vendor.sign(vendor.payload("SHA256:" + 42 * "B" + "A", 1, [increment()], issued="2026-07-01T00:00:00Z")))
    good = licet("file", "verify", "--root", vendor.root, stolen)
    bad = licet("file", "verify", "--root", vendor.root, "--revocations", first, stolen)
    ok(good.returncode == 0 and bad.returncode == 22, "R9.3 licet file verify judges by it", bad.stderr)


harness.run(check_making)
