"""TAP for tests in Python: ok() prints a line, skip() one that tests/skips must list, done() the plan; a test's name is
a sentence."""
import sys

_count = 0
_failures = 0


def ok(condition, name, details=""):
    global _count, _failures
    _count += 1
    _failures += 0 if condition else 1
    print(f"{'ok' if condition else 'not ok'} {_count} - {name}")
    if not condition:
        for line in str(details).splitlines():
            print(f"#   {line}")


def skip(name, reason):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}")


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failures else 0)
