"""The version of Jackfield, of the program and every package.

MODULE.bazel and bindings/python/pyproject.toml, which can load nothing, repeat it.
"""

VERSION = "0.1.0"
