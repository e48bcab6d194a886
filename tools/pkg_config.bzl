"""Libraries of the distribution whose headers lie apart, found by pkg-config.

pkg_config_library(name = "glib", module = "glib-2.0", package = "libglib2.0-dev")
makes the repository @glib with the library @glib//:library.
"""

_BUILD = """
cc_library(
    name = "library",
    hdrs = glob(["include*/**"]),
    includes = %r,
    linkopts = %r,
    visibility = ["//visibility:public"],
)
"""

def _ask(ctx, flag, module, package):
    result = ctx.execute(["pkg-config", flag, module])
    if result.return_code:
        fail("pkg-config does not know %s; install %s" % (module, package))
    return [word for word in result.stdout.strip().split(" ") if word]

def link_includes(ctx, module, package):
    """Links a module's include folders into the repository.

    Args:
      ctx: the repository rule's context
      module: as pkg-config calls it
      package: where it comes from, for the message

    Returns:
      the names of the links
    """
    names = []
    for flag in _ask(ctx, "--cflags-only-I", module, package):
        name = "include%d" % len(names)
        ctx.symlink(flag[2:], name)
        names.append(name)
    return names

def _impl(ctx):
    includes = link_includes(ctx, ctx.attr.module, ctx.attr.package)
    libs = _ask(ctx, "--libs", ctx.attr.module, ctx.attr.package)
    ctx.file("BUILD", _BUILD % (includes, libs))

pkg_config_library = repository_rule(
    implementation = _impl,
    attrs = {
        "module": attr.string(doc = "as pkg-config calls it", mandatory = True),
        "package": attr.string(doc = "the distribution's package of it", mandatory = True),
    },
    configure = True,
    environ = ["PKG_CONFIG_PATH"],
    local = True,
)
