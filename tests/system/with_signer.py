#!/usr/bin/python3
"""Runs a test with a licet-signer of its own: with_signer.py BUILD PROGRAM [ARGUMENT...]. Its exit code is the program's.

The program finds in its environment
    LICET_TEST_SIGNER         the signer's socket; it signs for the vendor acme, at most 1,000 seats a line without a release
    LICET_TEST_SIGNER_PID     a file with the signer's process
    LICET_TEST_ROOT           the file of the vendor's root key
and may kill that process: the signer comes back by itself.
"""
import os
import subprocess
import sys
import time

from harness import path_of
from signing import Signer


def main():
    with Signer("--seats-a-line", "1000") as signer:
        pid_file = path_of("signer.pid")
        environment = {**os.environ, "LICET_TEST_SIGNER": signer.path, "LICET_TEST_ROOT": signer.vendor.root,
                       "LICET_TEST_SIGNER_PID": pid_file}
        child = None
        known = None
        while child is None or child.poll() is None:
            if signer.process.poll() is not None:
                signer.start()
            if known != signer.process.pid:
                known = signer.process.pid
                with open(pid_file + ".new", "w", encoding="ascii") as file:
                    file.write(str(known))
                os.rename(pid_file + ".new", pid_file)
            if child is None:
                child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *sys.argv[2:]], env=environment)
            time.sleep(0.01)
    sys.exit(child.returncode)


main()
