#!/usr/bin/env python3
"""Writes compile_commands.json, which clangd and clang-tidy read; arguments are flags of Bazel.

Build with the same flags first: generated headers are read too.  `./jackfield compdb` does both.
"""

import json
import os
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def bazel(verb, *arguments):
    command = ["bazel", verb, "--config=quiet", "--ui_event_filters=-info", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


flags = sys.argv[1:]
external = bazel("info", *flags, "output_base").strip() + "/external/"
graph = json.loads(bazel("aquery", *flags, "--output=jsonproto", 'mnemonic("CppCompile", //...)'))
commands = {}
for action in graph["actions"]:
    arguments = [external + a[9:] if a.startswith("external/") else a for a in action["arguments"]]
    arguments = [a for a in arguments if a != "-fno-canonical-system-headers"]  # unknown to Clang
    source = arguments[arguments.index("-c") + 1]
    commands[source] = {"directory": os.getcwd(), "file": source, "arguments": arguments}
with open("compile_commands.json", "w") as file:
    json.dump(list(commands.values()), file, indent=1)
