#!/usr/bin/python3
"""The worked example of docs/protocol.md, followed by the independent verifier and by ssh-keygen.

The document is this program's argument. TAP on stdout.
"""

import base64
import os
import re
import subprocess
import sys
import tempfile

import nacl.signing

import verify_proof as vp

count = failures = 0


def ok(condition, name):
    global count, failures
    count += 1
    failures += not condition
    print(f"{'' if condition else 'not '}ok {count} - {name}")


def blocks(path):
    """The indented lines behind each "Name:" line, joined."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"^([A-Z][^\n:]*):\n\n((?:    \S+\n)+)", text, re.M)
    return {re.sub(r" \(.*", "", name): "".join(lines.split()) for name, lines in found}


def refused(data, key, expected, reason=""):
    try:
        vp.verify(data, key, expected)
    except vp.Refused as refusal:
        return reason in str(refusal)
    return False


def test_parts(shown):
    leaves = [bytes.fromhex(shown[f"Leaf {number}"]) for number in range(3)]
    hashes = [vp.digest(32, b"\0", leaf) for leaf in leaves]
    node = vp.digest(32, b"\1", hashes[0], hashes[1])
    top = vp.digest(32, b"\1", node, hashes[2])
    key = nacl.signing.SigningKey(bytes(range(32)))
    root = bytes.fromhex(shown["Signed root"])

    ok([h.hex() for h in hashes] == [shown[f"Hash of leaf {n}"] for n in range(3)], "R8.2 hashes of the leaves")
    ok(node.hex() == shown["Node over leaves 0 and 1"] and top.hex() == shown["Root of the tree"],
       "R8.2 node and root of the tree")
    ok(key.verify_key.encode().hex() == shown["Server key"], "the key of the seed")
    ok(vp.signed_bytes(root).hex() == shown["Bytes that are signed"], "R9 the bytes that are signed")
    ok(key.sign(vp.signed_bytes(root)).signature.hex() == shown["Signature"], "R8.2 the signature")
    for number, path in ((0, [hashes[1], hashes[2]]), (1, [hashes[0], hashes[2]]), (2, [node])):
        ok(vp.climb(leaves[number], number, 3, path) == top, f"R8.2 the path of leaf {number}")


def wanted():
    return {
        "id": bytes(range(0x20, 0x30)), "nonce": bytes(range(0x80, 0x90)),
        "feature": vp.name_hash("cad_pro"), "user": vp.name_hash("alice"),
        "host": vp.name_hash("ws-17.example.com"), "device": bytes(16), "count": 2,
        "release": vp.day_number("2026-11-01"), "kind": 1, "vendor": "acme",
        "payload": bytes(range(0xA0, 0xC0)), "generation": 4, "epoch": 7,
    }


def test_proof(shown):
    data = bytes.fromhex(shown["Proof"])
    key = bytes.fromhex(shown["Server key"])
    proof = vp.verify(data, key, wanted())
    changed = 0

    ok(proof["leaf"]["ttl"] == 300 and proof["leaf"]["end"] == 1798804800, "R8.3 the proof holds")
    ok(vp.decode_text(shown["Proof as text"]) == data, "R8.4 its text is the same proof")
    for bit in range(len(data) * 8):
        copy = bytearray(data)
        copy[bit // 8] ^= 1 << bit % 8
        changed += not refused(bytes(copy), key, wanted())
    ok(changed == 0, "R8.3 no bit of it can be changed")
    ok(refused(data[:-1], key, wanted()) and refused(data + b"\0", key, wanted()), "R8.3 nor its size")
    for name in wanted():
        other = wanted()
        other[name] = other[name] + 1 if isinstance(other[name], int) else other[name][::-1]
        if name == "device":
            other[name] = vp.name_hash("laptop-9")
        ok(refused(data, key, other, name), f"R8.3 a proof with another {name} than asked is refused")


def test_command_line(shown):
    program = [sys.executable, vp.__file__, "--key", shown["Server key"], "--feature", "cad_pro",
               "--id", wanted()["id"].hex(), "--nonce", wanted()["nonce"].hex(), "--user", "alice",
               "--host", "ws-17.example.com", "--release", "2026-11-01", "--vendor", "acme"]
    good = subprocess.run(program + ["--count", "2", shown["Proof as text"]], capture_output=True, text=True)
    bad = subprocess.run(program + ["--count", "3", shown["Proof as text"]], capture_output=True, text=True)

    ok(good.returncode == 0 and "generation=4" in good.stdout, "the command line accepts it")
    ok(bad.returncode == 1 and "count" in bad.stdout, "and refuses another count")


def test_ssh_keygen(shown):
    """R9: stock OpenSSH accepts a root, in its namespace and in no other."""
    key = vp.string(b"ssh-ed25519") + vp.string(bytes.fromhex(shown["Server key"]))
    signature = vp.string(b"ssh-ed25519") + vp.string(bytes.fromhex(shown["Signature"]))
    blob = (b"SSHSIG" + (1).to_bytes(4, "big") + vp.string(key) + vp.string(b"lease@licet") + vp.string(b"")
            + vp.string(b"sha512") + vp.string(signature))
    armor = base64.b64encode(blob).decode()

    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "root.sig"), "w", encoding="ascii") as file:
            file.write("-----BEGIN SSH SIGNATURE-----\n")
            file.writelines(armor[at:at + 70] + "\n" for at in range(0, len(armor), 70))
            file.write("-----END SSH SIGNATURE-----\n")
        with open(os.path.join(folder, "allowed"), "w", encoding="ascii") as file:
            file.write("server ssh-ed25519 " + base64.b64encode(key).decode() + "\n")
        for namespace, expected in (("lease@licet", 0), ("license@licet", 255)):
            run = subprocess.run(
                ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "server", "-n", namespace, "-s", "root.sig"],
                cwd=folder, input=bytes.fromhex(shown["Signed root"]), capture_output=True, check=False)
            ok(run.returncode == expected,
               f"R9 ssh-keygen {'refuses' if expected else 'accepts'} the root as {namespace}")


def main():
    shown = blocks(sys.argv[1])
    test_parts(shown)
    test_proof(shown)
    test_command_line(shown)
    test_ssh_keygen(shown)
    print(f"1..{count}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
