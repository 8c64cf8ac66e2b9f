#!/usr/bin/python3
"""tools/layers over small trees in which an arrow points up."""
import os
import subprocess
import tempfile

from tap import done, ok

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "layers")


def run_over(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            place = os.path.join(root, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(text)
        run = subprocess.run([TOOL, root], check=False, capture_output=True, text=True)
        return run.returncode, run.stdout


def check_refused(name, path, text, complaint):
    code, output = run_over({path: text})
    ok(code == 1 and complaint in output, name, output)


code, output = run_over({
    "base/text.c": '#include "base/text.h"\n#include <assert.h>\n',
    "seat/pool.c": '#include "seat/pool.h"\n\n#include "base/text.h"\n#include "license/license.h"\n',
    "client/client.c": '#include "licet.h"\n',
})
ok(code == 0, "arrows that point down are accepted", output)
check_refused("an arrow that points up is refused with its line", "base/text.c", '\n#include "seat/pool.h"\n',
              'base/text.c:2: "seat/pool.h": base may not use seat')
check_refused("so is one between neighbours", "resp/reply.c", '#  include "seat/pool.h"\n', "resp may not use seat")
check_refused("a pure folder sees no clock", "seat/pool.c", '#include "base/clock.h"\n', "seat is pure")
check_refused("an include that does not start at src/ is refused", "seat/pool.c", '#include "pool.h"\n',
              "names no folder")
check_refused("and one that climbs", "seat/pool.c", '#include "seat/../net/loop.h"\n', "climbs")
check_refused("a folder that is not in the table is refused", "helpers/misc.c", "", "helpers: write into")
done()
