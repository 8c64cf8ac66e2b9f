"""liblicet as others see it: test_library.py SHARED STATIC HEADER HEADER-USER SOURCE-DIRECTORY BUILD-DIRECTORY. TAP.

What it exports, what it needs, what it can never call, and that its header is clean C99 and C++11.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SHARED, STATIC, HEADER, HEADER_USER, SOURCES, BUILD = map(os.path.abspath, sys.argv[1:7])
sys.path.insert(0, os.path.join(SOURCES, "tests", "tools"))
from tap import done, ok  # noqa: E402

# INV-31: these would touch more than the caller gave: output, signals, the environment, the process, the heap.
FORBIDDEN = """
    malloc calloc realloc free posix_memalign aligned_alloc strdup strndup
    printf puts putchar fprintf vprintf fputs fwrite perror stdout stderr
    signal sigaction sigprocmask raise kill alarm setitimer
    setenv putenv unsetenv clearenv setlocale chdir umask
    exit _exit quick_exit fork vfork execve system popen
    pthread_create dlopen
""".split()


def run(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True)


def declared():
    with open(HEADER, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    return sorted(re.findall(r"LICET_API\s[^;]*?\b(licet_\w+)\s*\(", text))


def test_symbols():
    defined = run("nm", "-D", "--defined-only", SHARED).stdout.split("\n")
    exported = sorted(line.split()[2] for line in defined if len(line.split()) == 3 and line.split()[1] != "A")
    ok(exported == [name + "@@LICET_0.1" for name in declared()],
       "what licet.h declares is exported, and nothing else", exported)
    lines = run("nm", "-D", "--undefined-only", SHARED).stdout.splitlines()
    undefined = {re.sub(r"^__(\w+)_chk$", r"\1", line.split()[-1].split("@")[0]) for line in lines if line.strip()}
    bad = sorted(undefined & set(FORBIDDEN))
    ok(undefined and not bad,
       "INV-31 it calls nothing that allocates, prints, signals, exits or changes the environment", bad)


def test_needed():
    dynamic = run("readelf", "-d", SHARED).stdout
    needed = sorted(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
    ok([name.split(".so")[0] for name in needed] == ["libc", "libsodium"], "it needs libsodium and libc alone", needed)
    ok("SONAME" in dynamic and "liblicet.so.0" in dynamic, "its name for the loader is liblicet.so.0")
    ok("TEXTREL" not in dynamic, "it is position-independent")


def test_header(folder):
    for compiler, standard, language in (("cc", "c99", "c"), ("c++", "c++11", "c++")):
        if not shutil.which(compiler):
            ok(False, f"there is a {compiler}")
            continue
        made = run(compiler, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion",
                   "-x", language, "-I", os.path.dirname(HEADER), "-c", HEADER_USER,
                   "-o", os.path.join(folder, language))
        ok(made.returncode == 0, f"licet.h alone is clean {standard}", made.stderr)


def test_static(folder):
    program = os.path.join(folder, "program.c")
    with open(program, "w", encoding="ascii") as file:
        file.write('#include <licet.h>\n#include <stdio.h>\nint main(void) { puts(licet_version()); return 0; }\n')
    made = run("cc", "-I", os.path.dirname(HEADER), program, STATIC, "-lsodium", "-o", os.path.join(folder, "program"))
    ok(made.returncode == 0, "a vendor can link the one static library, with libsodium and nothing more", made.stderr)
    ok(made.returncode == 0 and re.fullmatch(r"\d+\.\d+\.\d+\n", run(os.path.join(folder, "program")).stdout),
       "and run it")


def test_pkg_config():
    with open(os.path.join(BUILD, "meson-private", "licet.pc"), encoding="utf-8") as file:
        text = file.read()
    ok("-llicet" in text and "libsodium" in text, "pkg-config knows it", text)


def main():
    test_symbols()
    test_needed()
    with tempfile.TemporaryDirectory() as folder:
        test_header(folder)
        test_static(folder)
    test_pkg_config()
    done()


main()
