"""C++ headers and binary schemas from FlatBuffers schemas."""

load("@rules_cc//cc:defs.bzl", "cc_library")

# Labels of this repository, in whichever a macro is called.
FLATC = Label("@flatbuffers//:flatc")

def flatbuffer_cc_library(name, srcs, deps = [], visibility = None, testonly = False, **kwargs):
    """What flatc makes of schemas.  For X.fbs in srcs:

    NAME           a cc_library of the headers X_generated.h
    X_generated.h  the header alone, included by its path from the root: "schemas/X_generated.h"
    NAME_bfbs      all binary schemas
    X.bfbs         the binary schema alone, with comments; what it includes is in it

    A schema includes another by its path from the root too: include "schemas/frame.fbs";

    Args:
      name: of the cc_library.
      srcs: the schemas, files of this package.
      deps: the flatbuffer_cc_library of each schema that one of srcs includes.
      visibility: of all the targets.
      testonly: of all the targets.
      **kwargs: of the cc_library.
    """
    common = {"testonly": testonly, "visibility": visibility}
    native.filegroup(
        name = name + "_schemas",
        srcs = srcs + [_label(dep) + "_schemas" for dep in deps],
        **common
    )
    _flatc(
        name = name + "_headers",
        srcs = srcs,
        outs = [_stem(src) + "_generated.h" for src in srcs],
        prepare = "",
        flags = "--cpp --cpp-std c++17 --scoped-enums --keep-prefix",
        schemas = name + "_schemas",
        common = common,
    )
    _flatc(
        name = name + "_bfbs",
        srcs = srcs,
        outs = [_stem(src) + ".bfbs" for src in srcs],
        # flatc writes into a .bfbs where the schema lies; from the root, it is the same on every machine.
        prepare = "root=$$(realpath $(execpath %s)); " % srcs[0],
        flags = "--binary --schema --bfbs-comments --bfbs-builtins --bfbs-filenames $${root%/" +
                path_from_the_root(srcs[0]) + "}",
        schemas = name + "_schemas",
        common = common,
    )
    cc_library(
        name = name,
        hdrs = [":" + name + "_headers"],
        deps = deps + [Label("@flatbuffers//:runtime_cc")],
        testonly = testonly,
        visibility = visibility,
        **kwargs
    )

def path_from_the_root(src):
    """Of a file of this package: as the repository sees it that the package is of, whichever builds it."""
    package = native.package_name()
    return package + "/" + src if package else src

def _flatc(name, srcs, outs, prepare, flags, schemas, common):
    repository = native.repository_name().lstrip("@")  # "" for the one that is built
    native.genrule(
        name = name,
        srcs = srcs + [schemas],
        outs = outs,
        cmd = prepare + "$(execpath %s) %s -I %s -o $(RULEDIR) %s" % (
            FLATC,
            flags,
            "external/" + repository if repository else ".",
            " ".join(["$(execpath %s)" % src for src in srcs]),
        ),
        tools = [FLATC],
        **common
    )

def _stem(src):
    if not src.endswith(".fbs"):
        fail("%s is not called *.fbs" % src)
    return src[:-len(".fbs")]

def _label(dep):
    """"//schemas" is short for "//schemas:schemas"."""
    return dep if ":" in dep or "//" not in dep else dep + ":" + dep.split("/")[-1]
