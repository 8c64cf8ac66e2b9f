#!/usr/bin/python3
"""src/store/embed.py: each step of the schema has a text for each engine, and arrives in C as it was written."""
import os
import subprocess
import tempfile

from tap import done, ok

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOOL = os.path.join(ROOT, "src", "store", "embed.py")
TEXT = "CREATE TABLE a (\n  b TEXT CHECK (b <> '\\\"')\n);\n"


def embed(files):
    """(exit code, what was said, texts that a program made of the result prints)"""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in files]
        for path, text in zip(paths, files.values()):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        output = os.path.join(folder, "schema.c")
        run = subprocess.run([TOOL, output, *paths], check=False, capture_output=True, text=True)
        if run.returncode != 0:
            return run.returncode, run.stderr, ""
        with open(output, "a", encoding="utf-8") as file:
            file.write('#include <stdio.h>\nint main(void) { for (const struct db_migration *m = store_migrations; '
                       'm->number != 0; m++) printf("%d %s|%s|%s", (int)m->number, m->name, m->sqlite, m->postgresql); '
                       'return 0; }\n')
        subprocess.run(["gcc", "-I", os.path.join(ROOT, "src"), "-o", f"{folder}/program", output], check=True)
        return 0, "", subprocess.run([f"{folder}/program"], check=True, capture_output=True, text=True).stdout


code, said, printed = embed({"0002_b.postgresql.sql": "B2;\n", "0001_a.postgresql.sql": TEXT,
                             "0002_b.sqlite.sql": "B1;\n", "0001_a.sqlite.sql": "A1;\n"})
ok(code == 0 and printed == f"1 a|A1;\n|{TEXT}2 b|B1;\n|B2;\n", "steps come in order, to the byte", said + printed)
code, said, printed = embed({})
ok(code == 0 and printed == "", "a schema without steps is a schema", said)
code, said, printed = embed({"0001_a.sqlite.sql": "A;\n"})
ok(code == 1 and "no a.postgresql.sql" in said, "a step for one engine alone is refused", said)
code, said, printed = embed({"0001_a.sqlite.sql": "A;\n", "0001_b.sqlite.sql": "B;\n"})
ok(code == 1 and "another step 1" in said, "so are two steps of one number", said)
code, said, printed = embed({"1_a.sql": "A;\n"})
ok(code == 1 and "a step is called" in said, "so is another name", said)
done()
