#!/usr/bin/python3
"""An independent verifier of lease proofs, written from docs/protocol.md section 3 alone.

    verify_proof.py --key HEX --id HEX --nonce HEX --feature NAME [--user NAME] ... PROOF

PROOF is the text of `PROOF text`, or @FILE for the bytes of `PROOF raw`. --key is the public key of
the license server, as the license file names it. Exit status 0: the proof holds; its fields are
printed. 1: it does not; the reason is printed.
"""

import argparse
import base64
import datetime
import hashlib
import re
import struct
import sys

import nacl.exceptions
import nacl.signing

KINDS = {1: "grant", 2: "renewal", 3: "return"}
TREE_SIZE_MAX = 65536


class Refused(Exception):
    """The proof does not hold; the text says why."""


def digest(size, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=size).digest()


def name_hash(name):
    return digest(16, name.encode()) if name else bytes(16)


def day_number(date):
    return (datetime.date.fromisoformat(date) - datetime.date(1970, 1, 1)).days if date else 0


def require(condition, reason):
    if not condition:
        raise Refused(reason)


def decode_text(text):
    require(re.fullmatch(r"[A-Za-z0-9_-]+", text), "the text is not base64url without padding")
    require(len(text) % 4 != 1, "the text has a digit too many")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    again = base64.urlsafe_b64encode(data).decode().rstrip("=")
    require(again == text, "bits are left over in the last digit")
    return data


class Cursor:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        require(self.at + size <= len(self.data), "the proof is cut")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")


def decode_leaf(data):
    cursor = Cursor(data)
    leaf = {name: cursor.take(16) for name in ("id", "nonce", "feature", "user", "host", "device")}
    for name, size in (("count", 4), ("release", 4), ("kind", 1), ("flags", 2), ("ttl", 4), ("end", 8)):
        leaf[name] = cursor.number(size)
    require(1 <= leaf["count"] <= 1000000000, "the count is out of range")
    require(leaf["release"] <= 2932896, "the release date is out of range")
    require(leaf["kind"] in KINDS, "the kind is unknown")
    require(leaf["end"] < 1 << 63, "the end is negative")
    return leaf


def decode_root(cursor):
    start = cursor.at
    require(cursor.number(1) == 1, "the root's version is unknown")
    vendor = cursor.take(cursor.number(1))
    require(re.fullmatch(rb"[A-Za-z][A-Za-z0-9_]{0,63}", vendor), "the vendor is no name")
    root = {"vendor": vendor.decode(), "payload": cursor.take(32), "generation": cursor.number(4)}
    root["key"] = cursor.take(32)
    root["epoch"] = cursor.number(8)
    root["time"] = cursor.number(8)
    root["tree_size"] = cursor.number(4)
    root["hash"] = cursor.take(32)
    root["bytes"] = cursor.data[start : cursor.at]
    require(root["time"] < 1 << 63, "the server's time is negative")
    require(1 <= root["tree_size"] <= TREE_SIZE_MAX, "the tree's size is out of range")
    return root


def decode(data):
    cursor = Cursor(data)
    require(cursor.number(1) == 1, "the proof's version is unknown")
    proof = {"leaf_bytes": cursor.take(119)}
    proof["leaf"] = decode_leaf(proof["leaf_bytes"])
    proof["root"] = decode_root(cursor)
    proof["signature"] = cursor.take(64)
    proof["index"] = cursor.number(4)
    proof["path"] = [cursor.take(32) for _ in range(cursor.number(1))]
    require(cursor.at == len(data), "something follows the proof")
    return proof


def climb(leaf_bytes, index, size, path):
    """The hash at the top of the path."""
    require(index < size, "the index lies outside the tree")
    hash_ = digest(32, b"\0", leaf_bytes)
    rest = list(path)
    last = size - 1
    while last > 0:
        if index % 2 == 1 or index < last:
            require(rest, "the path is too short")
            sibling = rest.pop(0)
            hash_ = digest(32, b"\1", sibling, hash_) if index % 2 else digest(32, b"\1", hash_, sibling)
        index //= 2
        last //= 2
    require(not rest, "the path is too long")
    return hash_


def string(data):
    return struct.pack(">I", len(data)) + data


def signed_bytes(root_bytes, namespace=b"lease@licet"):
    return (
        b"SSHSIG"
        + string(namespace)
        + string(b"")
        + string(b"sha512")
        + string(hashlib.sha512(root_bytes).digest())
    )


def verify(data, key, expected):
    """Steps 1 to 6 of "What a verifier does". `expected` holds leaf fields by name, all nine of step
    5, and of the root what the caller knows. Returns the decoded proof."""
    proof = decode(data)
    root = proof["root"]
    require(len(key) == 32 and root["key"] == key, "the root names another server's key")
    top = climb(proof["leaf_bytes"], proof["index"], root["tree_size"], proof["path"])
    require(top == root["hash"], "the path does not lead to the root")
    try:
        nacl.signing.VerifyKey(key).verify(signed_bytes(root["bytes"]), proof["signature"])
    except nacl.exceptions.BadSignatureError:
        raise Refused("the signature does not fit") from None
    for name in ("id", "nonce", "feature", "user", "host", "device", "count", "release", "kind"):
        require(proof["leaf"][name] == expected[name], f"the {name} is another than asked for")
    for name in ("vendor", "payload", "generation"):
        require(expected.get(name, root[name]) == root[name], f"the {name} is another than that of the file")
    require(root["epoch"] >= expected.get("epoch", 0), "the epoch is older than one seen before")
    return proof


def arguments():
    parser = argparse.ArgumentParser(description="Checks the proof of a lease.")
    parser.add_argument("proof", help="text, or @FILE for bytes")
    parser.add_argument("--key", required=True, type=bytes.fromhex)
    parser.add_argument("--id", required=True, type=bytes.fromhex)
    parser.add_argument("--nonce", required=True, type=bytes.fromhex)
    parser.add_argument("--feature", required=True, type=name_hash)
    for name in ("user", "host", "device"):
        parser.add_argument("--" + name, default=bytes(16), type=name_hash)
    parser.add_argument("--count", default=1, type=int)
    parser.add_argument("--release", default=0, type=day_number)
    parser.add_argument("--kind", default="grant", choices=KINDS.values())
    parser.add_argument("--vendor")
    parser.add_argument("--payload", type=bytes.fromhex)
    parser.add_argument("--generation", type=int)
    parser.add_argument("--epoch", type=int, help="the highest seen before")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    given["kind"] = next(number for number, name in KINDS.items() if name == given["kind"])
    return given


def main():
    expected = arguments()
    try:
        if expected["proof"].startswith("@"):
            with open(expected["proof"][1:], "rb") as file:
                data = file.read()
        else:
            data = decode_text(expected["proof"])
        proof = verify(data, expected["key"], expected)
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    leaf, root = proof["leaf"], proof["root"]
    print(f"holds: vendor={root['vendor']} generation={root['generation']} epoch={root['epoch']}"
          f" time={root['time']} payload={root['payload'].hex()} kind={KINDS[leaf['kind']]}"
          f" count={leaf['count']} flags={leaf['flags']} ttl={leaf['ttl']} end={leaf['end']}"
          f" leaf={proof['index']}/{root['tree_size']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
