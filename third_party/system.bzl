"""Repositories made of what the machine already has.  Only WORKSPACE uses this file."""

def _system_library_impl(ctx):
    """Lets pkg-config say how to link the targets; the compiler finds their headers by itself."""
    modules = " ".join(ctx.attr.targets.values()).split(" ")
    question = "--exists" if ctx.attr.header_only else "--libs"
    result = ctx.execute(["pkg-config", "--print-errors", question] + modules)
    if result.return_code:
        fail("@%s: %s" % (ctx.name, result.stderr))
    flags = [flag for flag in result.stdout.strip().split(" ") if flag]

    packages = {"": """exports_files(%s)

cc_library(
    name = "pkg_config",
    hdrs = glob(["include/**"], allow_empty = True),
    includes = ["include"],
    linkopts = ["-Wl,--push-state,%s"] + %s + ["-Wl,--pop-state"],
    visibility = [":__subpackages__"],
)
""" % (ctx.attr.programs, "--as-needed" if ctx.attr.shared else "-Bstatic", flags)}
    for target in ctx.attr.targets:
        package, name = target.split(":")
        packages[package] = packages.get(package, "") + """
cc_library(
    name = "%s",
    visibility = ["//visibility:public"],
    deps = ["//:pkg_config"],
)
""" % name
    for package, rules in packages.items():
        load_rules = 'load("@rules_cc//cc:defs.bzl", "cc_library")\n\n'
        ctx.file("./%s/BUILD.bazel" % package, load_rules + rules)

    for header, content in ctx.attr.headers.items():
        ctx.file("include/" + header, content)

    for program in ctx.attr.programs:
        path = ctx.which(program)
        if not path:
            fail("@%s: no %s on the PATH" % (ctx.name, program))
        ctx.symlink(path, program)

system_library = repository_rule(
    doc = "The labels of a library's Bazel module, for the library that the system has installed.",
    implementation = _system_library_impl,
    attrs = {
        "header_only": attr.bool(doc = "Link nothing."),
        "headers": attr.string_dict(doc = "Headers that go before the installed ones."),
        "programs": attr.string_list(doc = "Programs to offer as //:NAME."),
        "shared": attr.bool(doc = "Link the shared libraries, not the archives."),
        "targets": attr.string_dict(doc = "PACKAGE:NAME to the pkg-config modules it stands for."),
    },
    configure = True,
    environ = ["PATH", "PKG_CONFIG_PATH"],
    local = True,
)

def _files_impl(ctx):
    for path, content in ctx.attr.files.items():
        ctx.file(path, content)

_files = repository_rule(
    implementation = _files_impl,
    attrs = {"files": attr.string_dict()},
)

def _natives(rules):
    return "".join(["{0} = native.{0}\n".format(rule) for rule in rules])

def bazel_rules():
    """Declares the repositories that Bazel 4 would otherwise download; its rules are built in."""
    _files(
        name = "rules_cc",
        files = {
            "cc/BUILD.bazel": "",
            "cc/builtin.bzl": "cc_info = CcInfo\n",
            "cc/defs.bzl": 'load(":builtin.bzl", "cc_info")\n\nCcInfo = cc_info\n' + _natives([
                "cc_binary",
                "cc_import",
                "cc_library",
                "cc_proto_library",
                "cc_test",
                "cc_toolchain",
                "cc_toolchain_suite",
                "objc_library",
            ]),
        },
    )
    _files(
        name = "rules_java",
        files = {
            "java/BUILD.bazel": "",
            "java/defs.bzl": _natives([
                "java_binary",
                "java_import",
                "java_library",
                "java_runtime",
                "java_toolchain",
            ]),
        },
    )

    # `bazel coverage` merges reports with these, and every cc_test names them.  Reports in LCOV's
    # format merge by concatenation.
    tools = ["coverage_output_generator", "coverage_report_generator", "lcov_merger"]
    public = ["//visibility:public"]
    _files(
        name = "remote_coverage_tools",
        files = {
            "BUILD.bazel": "\n".join([
                'sh_binary(name = "%s", srcs = ["merge.sh"], visibility = %s)' % (name, public)
                for name in tools
            ]),
            "merge.sh": """#!/bin/sh
for option; do
    case $option in
    --coverage_dir=*) reports=$(find "${option#*=}" -name '*.dat') ;;
    --reports_file=*) reports=$(cat "${option#*=}") ;;
    --output_file=*) output=${option#*=} ;;
    esac
done
cat /dev/null $reports > "$output"
""",
        },
    )
