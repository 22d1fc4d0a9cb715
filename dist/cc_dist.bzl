"""What a library of this tree consists of, for those who build without Bazel."""

load("@rules_cc//cc:defs.bzl", "CcInfo")

def _merged(ctx):
    return cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps])

def _cc_archive_impl(ctx):
    archives = []
    for given in _merged(ctx).linking_context.linker_inputs.to_list():
        for library in given.libraries:
            archive = library.pic_static_library or library.static_library
            if archive and archive not in archives:
                archives.append(archive)
    output = ctx.actions.declare_file(ctx.attr.archive)
    script = "create %s\n%ssave\nend\n" % (
        output.path,
        "".join(["addlib %s\n" % archive.path for archive in archives]),
    )
    ctx.actions.run_shell(
        inputs = archives,
        outputs = [output],
        command = "printf %s \"$1\" | ar -M && ranlib -D \"$2\"",
        arguments = [script, output.path],
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([output]))]

cc_archive = rule(
    doc = "One archive of deps and all of this tree that they stand on; not of what the system has.",
    implementation = _cc_archive_impl,
    attrs = {
        "archive": attr.string(mandatory = True, doc = "the name of the file"),
        "deps": attr.label_list(providers = [CcInfo]),
    },
)

def _cc_headers_impl(ctx):
    headers = _merged(ctx).compilation_context.headers.to_list()
    of_this_tree = [h for h in headers if not h.short_path.startswith("../")]
    output = ctx.actions.declare_file(ctx.attr.name + ".tar")
    arguments = ctx.actions.args()
    arguments.add("--output", output)
    arguments.add_all(ctx.files.public, before_each = "--public")
    for header in of_this_tree:
        arguments.add(header.short_path + "=" + header.path)
    arguments.use_param_file("@%s", use_always = True)
    arguments.set_param_file_format("multiline")
    ctx.actions.run(
        executable = ctx.executable._headers,
        arguments = [arguments],
        inputs = depset(of_this_tree + ctx.files.public + [ctx.file._archive]),
        outputs = [output],
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([output]))]

cc_headers = rule(
    doc = "An archive of the public headers, and of those that they include: see headers.py.",
    implementation = _cc_headers_impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        "public": attr.label_list(allow_files = [".h"], doc = "they lie in a folder jackfield/"),
        "_archive": attr.label(default = ":archive.py", allow_single_file = True),
        "_headers": attr.label(
            default = ":headers.py",
            allow_single_file = True,
            executable = True,
            cfg = "host",
        ),
    },
)
