"""A shared library of everything that its dependencies stand on, but for what the system installs.

An archive that a distribution installs need not be position-independent (Debian's of Abseil are
not), and what cc_binary(linkshared = True) links is told by such a library itself to be static. So
this links the shared libraries of the same names.
"""

def _from_the_system(flag):
    return flag.replace("-Bstatic", "-Bdynamic,--as-needed")

def _shared_library_impl(ctx):
    toolchain = ctx.attr._cc_toolchain[cc_common.CcToolchainInfo]
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features + ["supports_start_end_lib"],  # gold's alone
    )
    inputs = []
    for dep in ctx.attr.deps:
        for given in dep[CcInfo].linking_context.linker_inputs.to_list():
            inputs.append(cc_common.create_linker_input(
                owner = given.owner,
                libraries = depset(given.libraries),
                user_link_flags = depset([_from_the_system(f) for f in given.user_link_flags]),
                additional_inputs = depset(given.additional_inputs),
            ))
    linked = cc_common.link(
        name = ctx.label.name,
        actions = ctx.actions,
        feature_configuration = features,
        cc_toolchain = toolchain,
        output_type = "dynamic_library",
        linking_contexts = [cc_common.create_linking_context(linker_inputs = depset(inputs, order = "topological"))],
        user_link_flags = [
            "-Wl,--version-script=" + ctx.file.exports.path,
            "-Wl,-soname," + ctx.attr.soname,
            "-fuse-ld=bfd",  # gold exports what another library has as well, in spite of `exports`
        ],
        additional_inputs = [ctx.file.exports],
    )
    library = ctx.actions.declare_file(ctx.attr.soname)
    ctx.actions.run_shell(
        inputs = [linked.library_to_link.dynamic_library],
        outputs = [library],
        command = 'cp -L "$1" "$2"',
        arguments = [linked.library_to_link.dynamic_library.path, library.path],
    )
    return [DefaultInfo(files = depset([library]), runfiles = ctx.runfiles([library]))]

shared_library = rule(
    implementation = _shared_library_impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo], doc = "alwayslink, or nothing is in it"),
        "exports": attr.label(
            allow_single_file = True,
            mandatory = True,
            doc = "the linker's version script",
        ),
        "soname": attr.string(mandatory = True, doc = "and the name of the file"),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
