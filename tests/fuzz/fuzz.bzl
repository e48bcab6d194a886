"""Fuzz targets that are tests as well."""

def fuzz_target(name, deps):
    """fuzz_<name>.c with its seeds in corpus/<name>/, built two ways.

    `<name>_replay_test` runs the seeds and a fixed series of mutations of them,
    with any compiler and sanitizer. `<name>_libfuzzer`, with --config=fuzz, is
    a libFuzzer binary.

    Args:
      name: what is fuzzed
      deps: libraries that fuzz_<name>.c needs
    """
    source = "fuzz_%s.c" % name
    corpus = "corpus/" + name
    native.cc_test(
        name = name + "_replay_test",
        srcs = [source, "fuzz.h", "replay.c"],
        args = ["%s/%s" % (native.package_name(), corpus)],
        data = native.glob([corpus + "/**"]),
        deps = deps,
    )
    native.cc_binary(
        name = name + "_libfuzzer",
        testonly = True,
        srcs = [source, "fuzz.h"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps,
    )
