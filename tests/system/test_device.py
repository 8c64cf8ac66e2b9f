"""A product on a device without a license server: examples/device, and what its users do (R2.7)."""
import os
import subprocess
import sys

import harness
from harness import HEADING, LICET, Server, Vendor, increment, ok, print_line

PRODUCT = sys.argv[2]


def file_for(vendor, serial, generation, *lines):
    vendor.serial += 1
    return vendor.sign(HEADING + print_line(
        "LICENSE", "1", f"vendor={vendor.name}", "customer=C-1", f"generation={generation}",
        "issued=2026-11-24T09:12:33Z", f"serial=T{vendor.serial}") + print_line("DEVICE", serial, "id=D-1") + "".join(lines))


def store(vendor, name, text):
    path = os.path.join(vendor.folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def run(vendor, *arguments):
    """The product, in an environment without any license server."""
    return subprocess.run([PRODUCT, *arguments], check=False, capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, env={"LICET_ROOT": vendor.root, "PATH": os.environ["PATH"]})


def check_appliance():
    vendor = Vendor()
    state = os.path.join(vendor.folder, "seen")
    good = store(vendor, "good", file_for(vendor, "GW-1", 2, increment("gateway", 1)))
    ran = run(vendor, good, "gateway", "GW-1", state)
    ok(ran.returncode == 0 and ran.stdout == "1 seat(s) of gateway on GW-1, generation 2 of acme, for good\n",
       "R2.7 an appliance runs by its file alone", ran.stdout + ran.stderr)
    ran = run(vendor, good, "router", "GW-1", state)
    ok(ran.returncode == 10 and "router" in ran.stderr, "R2.7 but nothing that the file has not", ran.stderr)
    ran = run(vendor, good, "gateway", "GW-2", state)
    ok(ran.returncode == 22 and "GW-1" in ran.stderr and "GW-2" in ran.stderr, "R2.7 and not on another device", ran.stderr)
    ran = run(Vendor("other"), good, "gateway", "GW-1", state)
    ok(ran.returncode == 20, "R9.1 nor under another vendor's root", ran.stderr)
    damaged = store(vendor, "damaged", open(good, encoding="ascii").read().replace("seats=1", "seats=9"))
    ran = run(vendor, damaged, "gateway", "GW-1", state)
    ok(ran.returncode == 19, "R2.6 nor with a file that somebody changed", ran.stderr)
    new = store(vendor, "new", file_for(vendor, "GW-1", 3, increment("gateway", 1, expiry="2099-01-01")))
    ran = run(vendor, new, "gateway", "GW-1", state)
    ok(ran.returncode == 0 and "generation 3" in ran.stdout and " s\n" in ran.stdout, "a newer file is taken", ran.stdout + ran.stderr)
    ran = run(vendor, good, "gateway", "GW-1", state)
    ok(ran.returncode == 23 and "older" in ran.stderr, "R2.7 and the older one is refused from then on", ran.stderr)
    shown = subprocess.run([LICET, "file", "show", "--root", vendor.root, good], check=False, capture_output=True, text=True)
    ok(shown.returncode == 0 and "GW-1" in shown.stdout, "licet file show names the device", shown.stdout + shown.stderr)
    with Server(vendor) as server:
        answer = server.install(file_for(vendor, "london-lic01", 1, increment()))
        ok(answer.status == 422 and answer.json["code"] == "WRONGSERVER", "R2.7 licetd takes no file for a device", answer)


def check_node_locked():
    """The machine's own name, as licet shows it and as liblicet finds it."""
    vendor = Vendor()
    named = subprocess.run([LICET, "device"], check=False, capture_output=True, text=True)
    if not os.path.exists("/etc/machine-id") or os.path.getsize("/etc/machine-id") < 32:
        ok(named.returncode == 3 and "machine-id" in named.stderr, "a machine without an id has no name", named.stderr)
        return
    name = named.stdout.strip()
    with open("/etc/machine-id", encoding="ascii") as file:
        machine = file.read().strip()
    ok(named.returncode == 0 and len(name) == 32 and name != machine, "licet device prints a name that is not the machine's id", named.stdout)
    path = store(vendor, "file", file_for(vendor, name, 1, increment("cad_pro", 1)))
    ran = run(vendor, path, "cad_pro")
    ok(ran.returncode == 0 and f"on {name}," in ran.stdout, "R2.7 a product runs on the machine of that name", ran.stdout + ran.stderr)


harness.run(check_appliance, check_node_locked)
