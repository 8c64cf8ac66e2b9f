#!/usr/bin/python3
"""Turns the schema's steps into C: embed.py OUTPUT FILE... where each step is two files, NNNN_name.sqlite.sql and
NNNN_name.postgresql.sql."""
import os
import re
import sys

ENGINES = {"sqlite", "postgresql"}


def steps_of(paths):
    """number -> (name, engine -> path)"""
    steps = {}
    for path in paths:
        match = re.fullmatch(r"(\d{4})_([a-z_]+)\.(sqlite|postgresql)\.sql", os.path.basename(path))
        if not match:
            sys.exit(f"embed.py: {path}: a step is called NNNN_name.sqlite.sql or NNNN_name.postgresql.sql")
        number, name, engine = int(match[1]), match[2], match[3]
        first_name, texts = steps.setdefault(number, (name, {}))
        if first_name != name or engine in texts:
            sys.exit(f"embed.py: {path}: there is another step {number}")
        texts[engine] = path
    for number, (name, texts) in steps.items():
        for engine in ENGINES - set(texts):
            sys.exit(f"embed.py: step {number} has no {name}.{engine}.sql")
    return steps


def quote(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().rstrip("\n").split("\n")
    return "\n".join('        "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"' for line in lines)


def main():
    steps = steps_of(sys.argv[2:])
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        # The standard promises 4,095 characters a string; both compilers take more.
        file.write('#include "store/schema.h"\n\n#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n')
        file.write("const struct db_migration store_migrations[] = {\n")
        for number, (name, texts) in sorted(steps.items()):
            file.write(f'    {{.number = {number}, .name = "{name}",\n')
            file.write(f"     .sqlite =\n{quote(texts['sqlite'])},\n")
            file.write(f"     .postgresql =\n{quote(texts['postgresql'])}}},\n")
        file.write("    {.number = 0}};\n")


main()
