"""Writes a C file that defines every function of a header such as jackfield.h, to do nothing.

What a compiler makes of it has the interface of the header, with its types, and nothing of what is
behind it: that is what abidw(1) is to see.

    definitions.py HEADER >definitions.c
"""

import re
import sys

with open(sys.argv[1], encoding="utf-8") as header:
    text = header.read()
text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
text = re.sub(r"^#.*$", "", text, flags=re.M)
print('#include "jackfield.h"')
for function in re.findall(r"\bJF_API\s+([^;{}]*\))\s*;", text):
    print(" ".join(function.split()), "{ for (;;) {} }")
