"""Which libraries of the distribution are installed, as @system_libraries.

Nothing of mpring needs them: benches compare with them. defs.bzl there holds

    SYSTEM_LIBRARIES = {name: struct(copts = [...], linkopts = [...])}

with an entry for each of those asked for whose header was found. After
installing one: "bazel sync --configure".
"""

def _pkg_config(ctx, module, flag):
    result = ctx.execute(["pkg-config", flag, module])
    return result.stdout.strip().split(" ") if result.return_code == 0 else []

def _usable(copts):
    """The options that a sandboxed compiler may have: include folders of the
    compiler's own, where warnings do not matter."""
    return [c for copt in copts for c in (
        ["-isystem", copt[2:]] if copt.startswith("-I/usr/include") else [copt]
    ) if not c.startswith("-I")]

def _impl(ctx):
    found = {}
    for name, header in ctx.attr.headers.items():
        if not ctx.path("/usr/include/" + header).exists:
            continue
        module = ctx.attr.pkg_config.get(name)
        found[name] = "struct(copts = %r, linkopts = %r)" % (
            _usable(_pkg_config(ctx, module, "--cflags")) if module else [],
            ctx.attr.linkopts.get(name, []),
        )
    ctx.file("BUILD", "")
    ctx.file("defs.bzl", "SYSTEM_LIBRARIES = {\n%s}\n" % "".join(
        ["    %r: %s,\n" % entry for entry in found.items()],
    ))

system_libraries = repository_rule(
    implementation = _impl,
    attrs = {
        "headers": attr.string_dict(doc = "name: header below /usr/include", mandatory = True),
        "linkopts": attr.string_list_dict(doc = "name: linker's options"),
        "pkg_config": attr.string_dict(doc = "name: module that knows the compiler's options"),
    },
    configure = True,
    environ = ["PKG_CONFIG_PATH"],
    local = True,
)
