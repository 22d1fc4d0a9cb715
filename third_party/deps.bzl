"""The libraries that this repository needs, in a WORKSPACE: its own, or of whoever builds with it.

    local_repository(name = "jackfield", path = "…")
    load("@jackfield//third_party:deps.bzl", "jackfield_deps")
    jackfield_deps()
"""

load(":system.bzl", "bazel_rules", "system_library")

def _library(name, **kwargs):
    """Unless whoever builds has one of that name already."""
    if not native.existing_rule(name):
        system_library(name = name, **kwargs)

def jackfield_deps():
    """As the distribution has them installed; what is not built needs not be: packages.txt."""
    if not native.existing_rule("rules_cc"):
        bazel_rules()

    _library(
        name = "abseil-cpp",
        # What is installed was built without a sanitizer; told of one, its headers would assume
        # other layouts.
        headers = {"absl/base/config.h": "\n".join([
            "#include_next <absl/base/config.h>",
            "#undef ABSL_HAVE_ADDRESS_SANITIZER",
            "#undef ABSL_HAVE_LEAK_SANITIZER",
            "#undef ABSL_HAVE_MEMORY_SANITIZER",
            "",
        ])},
        # No absl/log: Debian 12 has none.  No absl/synchronization: ThreadSanitizer cannot see into
        # an installed one.
        targets = {
            "absl/base:core_headers": "absl_core_headers",
            "absl/cleanup:cleanup": "absl_cleanup",
            "absl/container:fixed_array": "absl_fixed_array",
            "absl/container:flat_hash_map": "absl_flat_hash_map",
            "absl/container:flat_hash_set": "absl_flat_hash_set",
            "absl/container:inlined_vector": "absl_inlined_vector",
            "absl/flags:flag": "absl_flags",
            "absl/flags:parse": "absl_flags_parse",
            "absl/flags:usage": "absl_flags_usage",
            "absl/functional:any_invocable": "absl_any_invocable",
            "absl/functional:function_ref": "absl_function_ref",
            "absl/hash:hash": "absl_hash",
            "absl/status:status": "absl_status",
            "absl/status:statusor": "absl_statusor",
            "absl/strings:cord": "absl_cord",
            "absl/strings:str_format": "absl_str_format",
            "absl/strings:strings": "absl_strings",
            "absl/time:time": "absl_time",
            "absl/types:span": "absl_span",
        },
    )

    _library(
        name = "flatbuffers",
        programs = ["flatc"],
        targets = {
            ":flatbuffers": "flatbuffers",  # with the parser of idl.h and reflection
            ":runtime_cc": "flatbuffers",  # what generated headers need
        },
    )

    _library(
        name = "liburing",
        targets = {":liburing": "liburing"},
    )

    _library(
        name = "ncurses",
        targets = {":ncurses": "ncursesw"},
    )

    # Only of //tools:jackfield-web.
    _library(
        name = "libmicrohttpd",
        shared = True,  # it draws GnuTLS along
        targets = {":libmicrohttpd": "libmicrohttpd"},
    )

    # Shared, so that the distribution's repairs of it reach programs that are built already.
    _library(
        name = "openssl",
        shared = True,
        targets = {":ssl": "libssl libcrypto"},
    )

    _library(
        name = "tomlplusplus",
        header_only = True,
        targets = {":tomlplusplus": "tomlplusplus"},
    )

    _library(
        name = "googletest",
        targets = {
            ":gtest": "gmock gtest",  # GoogleMock too, as upstream
            ":gtest_main": "gmock_main",
        },
    )

    _library(
        name = "google_benchmark",
        shared = True,  # Debian has no archive
        targets = {":benchmark": "benchmark"},
    )

    # A loop of somebody else's, for the tests of what such a one needs.
    _library(
        name = "libuv",
        shared = True,  # Debian's archive has another name
        targets = {":libuv": "libuv"},
    )
