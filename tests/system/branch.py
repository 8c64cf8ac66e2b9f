"""A license server that is nothing but its key, its texts and its counts: for tests that need many of them."""
import os
import re

from harness import HEADING, new_folder, payload_hash, print_line, ssh_keygen


class Branch:
    def __init__(self, name):
        self.name = name
        self.key_path = os.path.join(new_folder("branch"), "key")
        ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.key_path)
        self.key = ssh_keygen("-l", "-f", self.key_path).split()[1]
        self.counter = self.generation = 0
        self.head = None  # number, customer, payload hash of what is installed
        self.seats, self.overhang = {}, {}  # by sn

    def sign(self, payload, namespace):
        return payload + ssh_keygen("-Y", "sign", "-q", "-f", self.key_path, "-n", namespace, text=payload)

    def lines(self):
        return "".join(print_line("LINE", sn, f"seats={self.seats.get(sn, 0)}",
                                  *([f"overhang={self.overhang[sn]}"] if self.overhang.get(sn) else [])) for sn in
                       sorted(set(self.seats) | {sn for sn, count in self.overhang.items() if count}))

    def installed(self):
        """Of what is installed, the fields of both texts, in their order."""
        number, customer, payload = self.head
        return [f"server={number}", f"customer={customer}"], [f"generation={self.generation}", f"payload={payload}", "epoch=1"]

    def request(self, *acts):
        self.counter += 1
        server, state = self.installed() if self.head else ([], [])
        return self.sign(print_line("REQUEST", "1", "vendor=acme", f"name={self.name}", f"key={self.key}", "licetd=0.1.0",
                                    f"counter={self.counter}", *server, *state, *([f"head={self.key}"] if self.head else [])) +
                         "".join(print_line("ACT", str(number), *words) for number, words in enumerate(acts, 1)) + self.lines(),
                         "request@licet")

    def receipt(self):
        self.counter += 1
        server, state = self.installed()
        return self.sign(print_line("RECEIPT", "1", "vendor=acme", *server, f"key={self.key}", *state, f"counter={self.counter}",
                                    f"head={self.key}") + self.lines(), "receipt@licet")

    def usable(self, sn):
        """Seats that somebody may be using here."""
        return self.seats.get(sn, 0) + self.overhang.get(sn, 0)

    def install(self, file, held):
        """A file of a greater generation; `held` says how many of so many seats are in use when it comes. False: an older one."""
        text = file.replace("\\\n    ", "")
        assert text.startswith(HEADING)
        head = dict(re.findall(r"(\S+?)=(\S+)", re.search(r"^LICENSE 1 (.*)$", text, re.M).group(1)))
        server = re.search(r"^SERVER \S+ id=(\S+) key=(\S+)$", text, re.M)
        assert server.group(2) == self.key
        if int(head["generation"]) <= self.generation:
            return False
        seats = {sn: int(count) for sn, count in re.findall(r"^INCREMENT \S+ sn=(\S+) seats=(\d+)", text, re.M)}
        for sn in set(self.seats) | set(self.overhang):
            # Leases stay where they are: what is held beyond the new seats is held over, and no more than was.
            self.overhang[sn] = max(0, min(held(self.usable(sn)), self.usable(sn)) - seats.get(sn, 0))
        self.generation, self.seats = int(head["generation"]), seats
        self.head = (server.group(1), head["customer"], payload_hash(file))
        return True

    def leave(self, sn, count):
        """Users whose seats are held over go home."""
        self.overhang[sn] = max(0, self.overhang.get(sn, 0) - count)
