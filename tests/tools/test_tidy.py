#!/usr/bin/python3
"""tools/tidy over small trees with one fault each."""
import os
import subprocess
import tempfile

from tap import done, ok

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "tidy")
GOOD = {
    "src/seat/meson.build": "seat = static_library('seat', 'pool.c')\n",
    "src/seat/pool.c": '#include "seat/pool.h"\n',
    "src/seat/pool.h": "struct pool;\n",
    "src/store/meson.build": "store = static_library('store', 'order.c')\n",
    "src/store/order.c": 'static const char sql[] = "SELECT id FROM orders"\n    " WHERE id = $1";\n'
                         'int f(void) { return error_set(error, 1, "no row FROM there: %d", 1); }\n',
    "src/net/loop.h": "struct loop;\n",
    "tests/data/vectors/LICENSE": "free\n",
    "tests/data/vectors/odd.txt": "to the byte \t\r\n\n",
    "build/private.c": "int x; \n",
}


def run_over(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            place = os.path.join(root, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        run = subprocess.run([TOOL, root], check=False, capture_output=True, text=True)
        return run.returncode, run.stdout


def is_seen(name, path, text, complaint):
    code, output = run_over({**GOOD, path: text})
    ok(code == 1 and output.count("not ok") == 1 and f"#   {path}{complaint}" in output, name, output)


code, output = run_over(GOOD)
ok(code == 0, "a tidy tree passes; borrowed data and a header before its code are left alone", output)
is_seen("a source file that is not built is seen", "src/seat/queue.c", "int x;\n", ": no meson.build")
is_seen("a header that nobody includes is seen", "src/seat/old.h", "int x;\n", ": nobody includes")
is_seen("a blank at the end of a line is seen", "docs/a.md", "one \ntwo\n", ":1: blanks")
is_seen("so is a carriage return", "docs/a.md", "one\r\n", ":1: blanks")
is_seen("a tab in C is seen", "src/seat/pool.h", "\tint x;\n", ":1: a tab")
is_seen("a missing last newline is seen", "docs/a.md", "one", ": must end")
is_seen("an unfinished place is seen", "src/seat/pool.h", "// TO" "DO: count\n", ":1: TO" "DO")
is_seen("a banned word is seen", "docs/a.md", "a white" "list\n", ":1: white" "list")
is_seen("a path of a machine is seen", "docs/a.md", "see /home" "/alice/x\n", ":1: /home" "/a")
is_seen("SQL outside its folders is seen", "src/net/loop.h", 'char *a = "SELECT id FROM orders";\n', ":1: \"SELECT")
is_seen("so is a change", "src/net/loop.h", 'char *a = "UPDATE orders SET state = 1";\n', ":1: \"UPDATE")
is_seen("SQL that is printed into a buffer is seen", "src/store/order.c",
        'int f(void)\n{\n    snprintf(sql, sizeof(sql),\n             "SELECT id FROM %s", name);\n}\n', ":3: builds SQL")
is_seen("so is SQL that is added to one", "src/store/order.c", 'int f(void)\n{\n    buf_add_string(&sql, " WHERE a = 1");\n}\n',
        ":3: builds SQL")
code, output = run_over({**GOOD, "tests/data/other/x.json": "{}"})
ok(code == 1 and "tests/data/other: needs a LICENSE" in output, "data without a license is seen", output)
code, output = run_over({**GOOD, "tests/data/other/x.json": "{}", "tests/data/README.md": "| `other` | ours |\n"})
ok(code == 0, "unless it is said to be ours", output)
done()
