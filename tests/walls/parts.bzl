"""What programs are made of: the object files, each with the source that it was compiled from,
and the targets, with their headers and what they depend on."""

_Parts = provider(fields = ["objects", "targets"])

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

def _paths(rule, attribute):
    return [file.short_path for file in getattr(rule.files, attribute, [])]

def _collect_impl(target, ctx):
    deps = [
        dep
        for dep in getattr(ctx.rule.attr, "deps", [])
        if _Parts in dep and not dep.label.workspace_name
    ]
    described = json.encode(struct(
        label = str(target.label),
        srcs = _paths(ctx.rule, "srcs"),
        hdrs = _paths(ctx.rule, "hdrs"),
        deps = [str(dep.label) for dep in deps],
    ))
    return [_Parts(
        objects = depset(_compiled(target), transitive = [dep[_Parts].objects for dep in deps]),
        targets = depset([described], transitive = [dep[_Parts].targets for dep in deps]),
    )]

_collect = aspect(_collect_impl, attr_aspects = ["deps"])

def _written(ctx, lines, files):
    list = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(list, "".join(lines))
    return [DefaultInfo(files = depset([list]), runfiles = ctx.runfiles(files = files + [list]))]

def _objects_impl(ctx):
    lines, files = [], []
    for program in ctx.attr.programs:
        for source, object in program[_Parts].objects.to_list():
            lines.append("%s %s %s\n" % (program.label, source, object.short_path))
            files.append(object)
    return _written(ctx, lines, files)

def _targets_impl(ctx):
    targets = depset(transitive = [program[_Parts].targets for program in ctx.attr.programs])
    return _written(ctx, [target + "\n" for target in targets.to_list()], [])

_PROGRAMS = {"programs": attr.label_list(aspects = [_collect])}

# A file of lines "PROGRAM SOURCE OBJECT", of each program and all libraries below it.
objects = rule(_objects_impl, attrs = _PROGRAMS)

# A file of lines of JSON: the label, srcs, hdrs and deps of each of these.
targets = rule(_targets_impl, attrs = _PROGRAMS)
