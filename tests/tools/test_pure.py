#!/usr/bin/python3
"""What tools/check-pure sees in an object: its two questions, put to small C files."""
import os
import runpy
import subprocess
import tempfile

from tap import done, ok

TOOL = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "check-pure"))


def compiled(text, question):
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "x.c"), os.path.join(folder, "x.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["gcc", "-fPIC", "-O2", "-fno-builtin", "-c", source, "-o", target], check=True)
        return question(target)


def is_seen(name, text, question, expected):
    seen = compiled(text, question)
    ok(seen == expected, name, seen)


calls, variables = TOOL["forbidden_calls"], TOOL["writable_globals"]
is_seen("copying and measuring memory is pure", """
    #include <string.h>
    #include <assert.h>
    size_t f(char *a, const char *b) { assert(a != b); memcpy(a, b, 9); return strlen(b); }""", calls, [])
is_seen("malloc is not", "#include <stdlib.h>\nvoid *f(void) { return malloc(9); }", calls, ["malloc"])
is_seen("the clock is not", "#include <time.h>\nlong f(void) { return time(NULL); }", calls, ["time"])
is_seen("memalign is not taken for a cousin of memcpy",
        "void *memalign(long, long);\nvoid *f(void) { return memalign(8, 8); }", calls, ["memalign"])
is_seen("randomness of libsodium is not pure",
        "void randombytes_buf(void *, long);\nvoid f(void *a) { randombytes_buf(a, 9); }", calls, ["randombytes_buf"])
is_seen("a constant table of pointers is no global that changes",
        'const char *const names[] = {"a", "b"};\nstatic const int numbers[] = {1, 2};\n'
        "int f(int i) { return numbers[i] + names[i][0]; }", variables, [])
is_seen("a static counter is", "int f(void) { static int count; return ++count; }", variables, ["count.0"])
is_seen("an initialised variable is", "int level = 3;", variables, ["level"])
is_seen("one of a thread is", "_Thread_local int depth;", variables, ["depth"])
done()
