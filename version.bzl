"""The version of Jackfield, for the program and every package. MODULE.bazel, which can load nothing, repeats it."""

VERSION = "0.1.0"
