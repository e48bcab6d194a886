"""Tests of whole programs, in shell."""

def shell_test(name, programs = [], data = [], **kwargs):
    """<name>.sh, which gets the paths of programs and files as arguments, and finds
    tests/common/tap.sh.

    Args:
      name: of the target and its source; it ends in _test
      programs: what the test runs or reads, in the order of its arguments
      data: what is found without being named
      **kwargs: size and tags, as of a sh_test
    """
    native.sh_test(
        name = name,
        srcs = [name + ".sh"],
        args = ["$(rootpath %s)" % program for program in programs],
        data = programs + data + ["//tests/common:tap.sh"],
        **kwargs
    )
