#!/usr/bin/python3
"""tools/test-summary over a real Meson run of programs that misbehave."""
import os
import subprocess
import sys
import tempfile

from tap import done, ok

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PROGRAMS = {
    "good": "printf 'ok 1 - one\\nok 2 - two\\n1..2\\n'",
    "bad": "printf 'ok 1 - one\\nnot ok 2 - two\\n1..2\\n'; exit 1",
    "crashed": "printf 'ok 1 - one\\n'; kill -SEGV $$",
    "short": "printf 'ok 1 - one\\n1..3\\n'",
    "mute": "exit 0",
    "slow": "printf 'ok 1 - one\\n'; sleep 20",
    "idle": "printf '1..0 # SKIP no database\\n'",
    "lazy": "printf 'ok 1 - one\\nok 2 - needs root # SKIP not root\\n1..2\\n'",
    "loud": "printf 'ok 1 - one\\n# \\001\\033\\n1..1\\n'",
}


def run_programs(folder, names):
    lines = ["project('sample')"]
    for name in names:
        script = os.path.join(folder, name)
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + PROGRAMS[name] + "\n")
        os.chmod(script, 0o755)
        lines.append(f"test('part/{name}', find_program('{name}'), protocol: 'tap', suite: 'some', timeout: 1)")
    with open(os.path.join(folder, "meson.build"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    build = os.path.join(folder, "build")
    subprocess.run(["meson", "setup", build, folder], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["meson", "test", "-C", build], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return build


def summary_of(names, skips=""):
    """The exit code and the lines of a summary over the named programs, with a list of skips of their own."""
    with tempfile.TemporaryDirectory() as folder:
        build = run_programs(folder, names)
        for part in ("tools", "tests"):
            os.mkdir(os.path.join(folder, part))
        tool = os.path.join(folder, "tools", "test-summary")
        os.symlink(os.path.join(ROOT, "tools", "test-summary"), tool)
        with open(os.path.join(folder, "tests", "skips"), "w", encoding="utf-8") as file:
            file.write(skips)
        run = subprocess.run([sys.executable, tool, build], check=False, capture_output=True, text=True)
        return run.returncode, run.stdout.splitlines()


def check(name, programs, expected_code, expected_line, skips=""):
    code, lines = summary_of(programs, skips)
    ok(code == expected_code and lines[-1:] == [expected_line], name, "\n".join([f"exit code {code}"] + lines))


check("sub-tests are counted, not programs", ["good", "loud"], 0, "3 passed, 0 failed, 0 skipped")
check("a failed sub-test fails the run", ["bad"], 1, "1 passed, 1 failed, 0 skipped")
check("a crash, a broken plan, silence and a timeout are each a failure", ["crashed", "short", "mute", "slow"], 1,
      "3 passed, 4 failed, 0 skipped")
check("a skip that is not on the list fails", ["lazy", "idle"], 1, "1 passed, 2 failed, 0 skipped")
check("a skip that is on the list is counted as one", ["lazy", "idle"], 0, "1 passed, 0 failed, 2 skipped",
      "# why\npart/lazy: needs root\npart/idle: *\n")
with tempfile.TemporaryDirectory() as nothing:
    run = subprocess.run([os.path.join(ROOT, "tools", "test-summary"), nothing], check=False, capture_output=True,
                         text=True)
    ok(run.returncode == 1 and run.stdout.endswith("0 passed, 1 failed, 0 skipped\n"), "a run without a log fails",
       run.stdout)
done()
