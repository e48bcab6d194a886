"""The headers of the distribution's QEMU, as the repository @qemu_headers.

scripts/fetch-qemu-headers puts them into the cache. Where they are absent,
QEMU_HEADERS is False and what needs them is left out of the build.
"""

load(":pkg_config.bzl", "link_includes")

_ABSENT = """//proxy/qemu is left out of the build: no QEMU headers in {cache}.
Run scripts/fetch-qemu-headers, then "bazel sync --configure"."""

_BUILD = """
cc_library(
    name = "qemu_headers",
    hdrs = glob(["qemu/**", "include*/**"]),
    defines = [
        "NEED_CPU_H",
        'CONFIG_TARGET=\\\\"x86_64-softmmu-config-target.h\\\\"',
        'CONFIG_DEVICES=\\\\"x86_64-softmmu-config-devices.h\\\\"',
    ],
    includes = [
        "qemu/build",
        "qemu/build/qapi",
        "qemu/source/include",
        "qemu/source/linux-headers",
        "qemu/source/target/i386",
    ] + %r,
    visibility = ["//visibility:public"],
)
"""

def _cache(env):
    if env.get("MPRING_CACHE"):
        return env["MPRING_CACHE"]
    if env.get("XDG_CACHE_HOME"):
        return env["XDG_CACHE_HOME"] + "/mpring"
    return env.get("HOME", "") + "/.cache/mpring"

def _impl(ctx):
    cache = _cache(ctx.os.environ)
    headers = ctx.path(cache + "/qemu-headers")
    if headers.exists:
        ctx.symlink(headers, "qemu")
        ctx.file("BUILD", _BUILD % link_includes(ctx, "glib-2.0", "libglib2.0-dev"))
    else:
        # buildifier: disable=print
        print(_ABSENT.format(cache = cache))
        ctx.file("BUILD", "")
    ctx.file("defs.bzl", "QEMU_HEADERS = %s\n" % headers.exists)

qemu_headers = repository_rule(
    implementation = _impl,
    configure = True,
    environ = ["HOME", "MPRING_CACHE", "PKG_CONFIG_PATH", "XDG_CACHE_HOME"],
    local = True,
)
