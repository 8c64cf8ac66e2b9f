#!/usr/bin/python3
"""The configurations in share/: each line of them, those that are commented out too, is one that the daemon takes."""
import os
import re
import subprocess

import harness
from harness import Vendor, as_user, new_folder, ok, program

SHARE = os.path.join(harness.ROOT, "share")


def check(name, vendor):
    """The sample with its commented lines in force, and its paths in a folder of this test."""
    folder = new_folder(name)
    with open(os.path.join(SHARE, name + ".conf"), encoding="ascii") as file:
        text = re.sub(r"(?m)^#(?=\[|[a-z-]+ = )", "", file.read())
    text = re.sub(r"/etc/\S+root\.pub", vendor.root, text).replace(f"/var/lib/{name}", folder)
    text = text.replace("/run/licet-signer", folder).replace("client = licet-portal", f"client = {harness.USER.pw_name}")
    config = os.path.join(folder, name + ".conf")
    with open(config, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(config, 0o644)
    return subprocess.run(as_user(program(os.path.join(harness.BUILD, "src", "main", name)), "--config", config, "--check"),
                          check=False, capture_output=True, text=True, timeout=harness.WAIT_SECONDS)


def test_samples():
    vendor = Vendor()
    for name in ("licetd", "licet-signer", "licet-portal"):
        run = check(name, vendor)
        ok(run.returncode == 0, f"every line of share/{name}.conf is one that {name} takes", run)
        with open(os.path.join(SHARE, name + ".service"), encoding="ascii") as file:
            unit = file.read()
        ok(f"/usr/sbin/{name} --config /etc/{name}/{name}.conf" in unit and f"User={name}\n" in unit,
           f"{name}.service starts it with it, as a user of its own", unit)


harness.run(test_samples)
