"""The object files of programs, each with the source that it was compiled from."""

_Objects = provider(fields = ["pairs"])

def _compiled(target):
    """(source, object) of all that one target compiles; position-independent objects, if it has them."""
    plain, pic = [], []
    for action in target.actions:
        if action.mnemonic != "CppCompile":
            continue
        source = [file.short_path for file in action.inputs.to_list() if file.extension == "c"][0]
        for output in action.outputs.to_list():
            if output.basename.endswith(".pic.o"):
                pic.append((source, output))
            elif output.basename.endswith(".o"):
                plain.append((source, output))
    return pic or plain

def _collect_impl(target, ctx):
    below = [dep[_Objects].pairs for dep in getattr(ctx.rule.attr, "deps", []) if _Objects in dep]
    own = [] if target.label.workspace_name else _compiled(target)
    return [_Objects(pairs = depset(own, transitive = below))]

_collect = aspect(_collect_impl, attr_aspects = ["deps"])

def _objects_impl(ctx):
    lines, files = [], []
    for program in ctx.attr.programs:
        for source, object in program[_Objects].pairs.to_list():
            lines.append("%s %s %s\n" % (program.label, source, object.short_path))
            files.append(object)
    list = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(list, "".join(lines))
    return [DefaultInfo(files = depset([list]), runfiles = ctx.runfiles(files = files + [list]))]

# A file of lines "PROGRAM SOURCE OBJECT", of each program and all libraries below it.
objects = rule(
    _objects_impl,
    attrs = {"programs": attr.label_list(aspects = [_collect])},
)
