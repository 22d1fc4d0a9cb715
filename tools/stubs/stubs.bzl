"""Tables, stubs and the embedded schema of services, in one line of a BUILD file."""

load("@rules_cc//cc:defs.bzl", "cc_library")
load("//third_party:flatbuffers.bzl", "flatbuffer_cc_library", "path_from_the_root")

# Labels of this repository, in whichever the macro is called.
STUBS = Label("//tools/stubs:jackfield_stubs")

def jackfield_service_library(name, srcs, deps = [], schemas = True, visibility = None, testonly = False):
    """What a client or a server of the services in srcs includes.  For X.fbs in srcs:

    NAME             a cc_library of X_service.h, and of the tables
    X_service.h      of each rpc_service Y: YClient, YService, YMethods, kYInterface, kYSchemaHash
    X_generated.h    the tables, as flatc makes them
    X.bfbs           the binary schema; it is also in NAME, as kYInterface.schema

    Besides it makes what flatbuffer_cc_library(NAME_tables) does.  A schema includes another by its path from the
    root; the library of that one's tables (NAME_tables, for another jackfield_service_library) belongs into deps.

    Args:
      name: of the cc_library.
      srcs: the schemas, files of this package, each with an rpc_service.
      deps: the flatbuffer_cc_library of each schema that one of srcs includes.
      schemas: whether RegisterOn serves the schemas too; only the service that does so says False.
      visibility: of all the targets.
      testonly: of all the targets.
    """
    flatbuffer_cc_library(
        name = name + "_tables",
        srcs = srcs,
        deps = deps,
        testonly = testonly,
        visibility = visibility,
    )
    for src in srcs:
        stem = src[:-len(".fbs")]
        native.genrule(
            name = stem + "_stubs",
            srcs = [src, stem + ".bfbs"],
            outs = [stem + "_service.h", stem + "_service.cc", stem + "_schema.inc"],
            cmd = "$(execpath %s) --source %s " % (STUBS, path_from_the_root(src)) +
                  "--bfbs $(execpath %s.bfbs) --out $(RULEDIR)%s" % (stem, "" if schemas else " --no-schemas"),
            tools = [STUBS],
            testonly = testonly,
            visibility = ["//visibility:private"],
        )
    stems = [src[:-len(".fbs")] for src in srcs]
    cc_library(
        name = name,
        srcs = [stem + "_service.cc" for stem in stems],
        hdrs = [stem + "_service.h" for stem in stems],
        textual_hdrs = [stem + "_schema.inc" for stem in stems],
        deps = [
            ":" + name + "_tables",
            Label("//bindings/cpp:stubs"),
        ] + ([Label("//bindings/cpp:schema")] if schemas else []),
        testonly = testonly,
        visibility = visibility,
    )
