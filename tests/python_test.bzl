"""Tests of whole programs, in Python."""

def python_test(name, programs = [], data = [], tags = [], **kwargs):
    """<name>.py, which gets the paths of programs and files as arguments, and finds the
    modules of tests/common.

    Args:
      name: of the target and its source; it ends in _test
      programs: what the test runs or reads, in the order of its arguments
      data: modules of this folder, and what is found without being named
      tags: as of every Bazel test
      **kwargs: as of a sh_test
    """
    native.sh_test(
        name = name,
        srcs = [name + ".py"],
        args = ["$(rootpath %s)" % program for program in programs],
        data = programs + [d for d in data if d not in programs] + ["//tests/common:python"],
        env = {"PYTHONPATH": "tests/common"},
        tags = ["local"] + tags,
        **kwargs
    )
