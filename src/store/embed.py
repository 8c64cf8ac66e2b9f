#!/usr/bin/python3
"""Turns the schema's steps into C: embed.py OUTPUT NNNN_name.sqlite.sql..."""
import os
import sys


def quote(text):
    lines = text.split("\n")
    return "\n".join('        "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"' for line in lines)


def main():
    rows = []
    for path in sorted(sys.argv[2:]):
        number, name = os.path.basename(path).split(".")[0].split("_", 1)
        with open(path, encoding="utf-8") as file:
            rows.append(f'    {{.number = {int(number)}, .name = "{name}", .sqlite =\n{quote(file.read())}}},\n')
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        # C99 promises 4,095 characters a string; both compilers take more.
        file.write('#pragma GCC diagnostic ignored "-Woverlength-strings"\n')
        file.write('#include "store/schema.h"\n\nconst struct db_migration store_migrations[] = {\n')
        file.write("".join(rows) + "    {.number = 0}};\n")


main()
