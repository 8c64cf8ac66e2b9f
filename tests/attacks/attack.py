"""Attacks use the harness of tests/system; a sentence begins with the row of README.md that it answers."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import harness  # noqa: E402, F401
