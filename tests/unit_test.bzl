"""Unit tests in C."""

def unit_test(
        name,
        srcs = [],
        size = "small",
        wrap = [],
        linkopts = [],
        deps = [],
        programs = [],
        **kwargs):
    """<name>.c as a program with cmocka, by way of tests/common/unit.h.

    It is linked statically: what the test or a library before another in `deps` defines
    takes the place of the other's functions.

    Args:
      name: of the target and its source; it ends in _test
      srcs: further sources
      size: as of every Bazel test: what is not small has more than a minute
      wrap: functions that the test replaces by its own __wrap_<function>
      linkopts: further options of the linker
      deps: what is tested, and what helps
      programs: what the test runs or reads, in the order of its arguments
      **kwargs: tags, as of a cc_test
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = [name + ".c"] + srcs,
        args = ["$(rootpath %s)" % program for program in programs],
        data = programs,
        linkopts = ["-Wl,--wrap=" + function for function in wrap] + linkopts,
        linkstatic = True,
        deps = deps + ["//tests/common:unit"],
        **kwargs
    )
