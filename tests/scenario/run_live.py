#!/usr/bin/python3
"""Plays scenarios against a real licetd: run_live.py BUILD FIRST LAST SCENARIO...

The same files that the seat core answers under a virtual clock. All are played at once, each on a licetd of its own, in
real time; those that end between FIRST and LAST seconds are taken, so that a test run and a long one share them. What
`requires virtual-clock`, or tells parts of a second, is left to the core. An answer of the core and one on the wire say the same in other words:
`Play` translates, and where seconds are told, allows two for the way.
"""
import datetime
import hashlib
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import harness  # noqa: E402
from harness import ReplyError, Server, Vendor, as_maps, ok  # noqa: E402

SLACK_SECONDS = 2
# A command at the very second of an end comes after it, though each took a moment on its way.
STRETCH = 1.005
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * UNITS[unit]


class Scenario:
    def __init__(self, path):
        self.path = path
        self.show, self.requires, self.start = path, "", "2026-11-24T12:00:00Z"
        self.files, self.steps = [], []
        with open(path, encoding="utf-8") as file:
            lines = [re.sub(r"(^|\s)#.*", "", line).rstrip() for line in file]
        self.read([line for line in lines if line])

    def read(self, lines):
        lines = iter(lines)
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "file":
                self.files.append((int(rest), self.read_file(lines)))
            elif word in ("show", "requires", "start"):
                setattr(self, word, rest.strip())
            else:
                self.steps.append(self.read_step(line))

    @staticmethod
    def read_file(lines):
        found = []
        for line in lines:
            if line == "end":
                return found
            found.append(line)
        raise ValueError("a file without its end")

    @staticmethod
    def read_step(line):
        at, who, mark, text = re.fullmatch(r"@(\S+)\s+(\S+)(?:\s+([<>])\s+(.*))?.*", line).groups()
        return seconds_of(at), who, mark, text

    @property
    def seconds(self):
        return self.steps[-1][0]

    def is_for_a_real_clock(self):
        return not self.requires and all(at == int(at) for at, *_ in self.steps)


class Play(threading.Thread):
    """One scenario on one licetd."""

    def __init__(self, scenario, server, vendor):
        super().__init__()
        self.scenario, self.server, self.vendor = scenario, server, vendor
        self.answers = []
        self.faults = []
        self.signed = {}
        self.handles = {}
        # Dates of a scenario are relative to its start: its first day is today.
        self.days = (datetime.datetime.now(datetime.timezone.utc).date() -
                     datetime.date.fromisoformat(scenario.start[:10])).days

    def run(self):
        try:
            for at, who, mark, text in self.scenario.steps:
                if at == 0:  # the first file may take seconds to install, and no time of the scenario
                    begin = time.monotonic()
                time.sleep(max(0.0, begin + at * STRETCH - time.monotonic()))
                self.step(who, mark, text)
            self.faults += [f"nothing expects {answer}" for answer in self.answers]
        except Exception as error:  # noqa: BLE001  (reported as this scenario's fault)
            self.faults.append(f"{type(error).__name__}: {error}")

    def step(self, who, mark, text):
        if mark == ">":
            self.answers.append((who, self.command(who, text.split()), text))
        elif mark == "<":
            given = next((answer for answer in self.answers if answer[0] == who), None)
            if given is None:
                self.faults.append(f"{who} got no answer, expected {text}")
                return
            self.answers.remove(given)
            if not self.fits(given[1], text):
                self.faults.append(f"{given[2]}: {who} got {given[1]}, expected {text}")
        elif who == "restart":
            self.server.kill()
            self.server.start()
        else:
            raise ValueError(f"{who} cannot be done to a real server")

    # commands

    def shifted(self, text):
        """A date of the scenario as seen from today."""
        def shift(match):
            return (datetime.date.fromisoformat(match.group(0)) + datetime.timedelta(self.days)).isoformat()

        return re.sub(r"\b20\d\d-\d\d-\d\d\b", shift, text)

    def command(self, who, words):
        verb = words[0]
        if verb == "INSTALL":
            return self.install(int(words[1]))
        if verb == "RECEIPT":
            return self.receipt()
        with self.server.connect() as connection:
            if verb == "END":
                connection.call("AUTH", self.server.token)
                return self.said(connection, verb, connection.call("END", self.handles[words[1]]), words)
            if verb == "LEASES":
                connection.call("AUTH", self.server.token)
                return self.leases(connection.call("LEASES")[1])
            if verb == "FEATURES":
                return self.features(connection.call("FEATURES")[1])
            name = words[2] if verb == "CHECKOUT" else None
            words = [hashlib.md5(word.encode()).hexdigest() if word.startswith("id:") else self.shifted(word)
                     for word in words]
            given = set(words[1:])
            if verb in ("CHECKOUT", "WHY"):
                for option, value in (("USER", who), ("HOST", f"{who}-pc"), ("DEVICE", f"{who}-key")):
                    words += [] if option in given else [option, value]
            reply = connection.call(*words)
            if verb == "CHECKOUT" and isinstance(reply, list):
                self.handles[name] = reply[1]
            return self.said(connection, verb, reply, words)

    def install(self, number):
        generation, lines = self.scenario.files[number - 1]
        if number not in self.signed:
            lines = [harness.print_line(*self.shifted(line).split()) for line in lines]
            self.signed[number] = self.vendor.license(self.server, generation, *lines)
        answer = self.server.install(self.signed[number])
        return f"installed generation {answer.json['generation']}" if answer.status == 200 else answer.json["code"]

    def receipt(self):
        answer = self.server.get("/receipt", token=self.server.token)
        if answer.status != 200:
            return "none"
        rows = re.findall(r"^LINE (\S+) seats=(\d+)(?: overhang=(\d+))?", answer.text.replace("\\\n    ", ""), re.MULTILINE)
        return "; ".join(f"{sn} {seats}" + (f" held over {over}" if over else "") for sn, seats, over in rows) or "none"

    @staticmethod
    def leases(rows):
        return "; ".join(f"{row['feature']} {row['user']} x{row['count']}" + (" ending" if row["ending"] else "")
                         for row in as_maps(rows)) or "none"

    @staticmethod
    def features(rows):
        def show(row):
            text = f"{row['feature']} {row['in-use']} of {row['seats']} in use"
            for key, name in (("overdraft-in-use", "overdraft"), ("overhang", "overhang"), ("lines-disabled", "disabled lines")):
                text += f", {name} {row[key]}" if row[key] else ""
            return text

        return "; ".join(show(row) for row in as_maps(rows)) or "none"

    def said(self, connection, verb, reply, words):
        if verb == "WHY":
            return "a seat is free" if reply[0] == "GRANT" else self.denial(reply[1], reply[6], words[1])
        if isinstance(reply, ReplyError):
            if reply.word == "ENDED" and "administrator" in str(reply):
                return "ENDED by an administrator"
            if reply.word != "NOSEAT" or verb != "CHECKOUT":
                return reply.word
            why = connection.call("WHY", words[1], *words[3:])
            return self.denial(reply.word, why[6], words[1])
        if reply[0] == "ENDED":
            return "ended"
        count = int(words[words.index("COUNT") + 1]) if "COUNT" in words else 1
        return (f"granted ttl {reply[2] / 1000:g}s" + (f" count {count}" if count > 1 and verb == "CHECKOUT" else "") +
                (" overdraft" if reply[4] & 1 else ""))

    @staticmethod
    def denial(word, free, feature):
        if word != "NOSEAT":
            return word
        return f"NOSEAT every seat of {feature} is in use" + (f"; the next is free in {free}s" if free is not None else "")

    @staticmethod
    def fits(given, expected):
        """Equal but for seconds until a seat is free; an expected word alone leaves the sentence open."""
        pattern = r"(?<=free in )\d+(?=s)"
        numbers = [re.findall(pattern, text) for text in (given, expected)]
        near = len(numbers[0]) == len(numbers[1]) and all(
            abs(int(one) - int(two)) <= SLACK_SECONDS for one, two in zip(*numbers))
        if near and re.sub(pattern, "", given) == re.sub(pattern, "", expected):
            return True
        return given.split(" ")[0] == expected or given.isupper() and given == expected.split(" ")[0]


def main():
    first, last = float(sys.argv[2]), float(sys.argv[3])
    vendor, plays = Vendor(), []
    for path in sys.argv[4:]:
        scenario = Scenario(path)
        if scenario.is_for_a_real_clock() and first <= scenario.seconds < last:
            server = Server(vendor).start()
            server.administrator()
            plays.append(Play(scenario, server, vendor))
    for play in plays:
        play.start()
    for play in plays:
        play.join()
        ok(not play.faults, play.scenario.show, "\n".join([play.scenario.path, *play.faults, play.server.log()[-1000:]]))
        play.server.stop()


harness.run(main)
