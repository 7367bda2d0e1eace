"""Small slips that a program could have: each changes one place of a module's syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
ASKED = ("where", "distinct", "order_by")  # parts of a question that may be left out
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One slip.

    Attributes:
        module: the file, from the root of the repository.
        function: the outermost function it is in, with its class; None: outside functions.
        lines: the lines of the statement (or of the condition) that holds it.
        number: which of the module's slips.
        said: the line and what became of what.
    """

    module: str
    function: str | None
    lines: range
    number: int
    said: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.module}:{self.lines.start} {self.function or 'outside'}: {self.said}"

    def tree(self) -> ast.Module:
        """The module with the slip."""
        for number, (tree, *_) in enumerate(_slips(self.source)):
            if number == self.number:
                return tree
        raise ValueError(f"{self.module} has no slip {self.number}")


def mutants_of(root: Path, module: str) -> list[Mutant]:
    """Every slip of a module."""
    source = (root / module).read_text()
    seen: dict[str, int] = {}
    found = []
    for number, (_, function, lines, said) in enumerate(_slips(source)):
        key = f"{function}{lines.start}{said}"
        seen[key] = seen.get(key, 0) + 1
        again = f" (the {seen[key]}th)" if seen[key] > 1 else ""
        found.append(Mutant(module, function, lines, number, said + again, source))
    return found


def _slips(source: str) -> Iterator[tuple[ast.Module, str | None, range, str]]:
    """The tree with each slip in turn; it is one tree, and a slip is taken out again before the next."""
    tree = ast.parse(source)
    for parent, field, place, node, function, lines in list(_places(tree)):
        for other in _others(node, parent, field):
            before = ast.unparse(node)
            _put(parent, field, place, ast.fix_missing_locations(ast.copy_location(other, node)))
            after = ast.unparse(other) if not isinstance(other, ast.Pass) else "(left out)"
            yield tree, function, lines, f"{_short(before)}  ->  {_short(after)}"
            _put(parent, field, place, node)


def _short(code: str) -> str:
    return " ".join(code.split())[:110]


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


Place = tuple[ast.AST, str, int | None, ast.AST, str | None, range]
LEFT_ALONE = ("annotation", "returns", "decorator_list", "type_comment", "bases", "keywords_of_class")


def _places(tree: ast.Module) -> Iterator[Place]:
    """Every node below, with where it hangs; annotations, docstrings, imports and what is said in errors are left."""

    def below(parent: ast.AST, classes: tuple[str, ...], function: str | None, lines: range) -> Iterator[Place]:
        for field, value in ast.iter_fields(parent):
            if field in LEFT_ALONE:
                continue
            nodes = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
            for place, node in nodes:
                if not isinstance(node, ast.AST) or isinstance(node, ast.Import | ast.ImportFrom | ast.Raise):
                    continue
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                    continue  # a docstring
                if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                    continue
                if isinstance(node, ast.Assign | ast.AnnAssign) and _is_alias(node):
                    continue
                here, inside, spans = classes, function, lines
                if isinstance(node, ast.stmt):
                    spans = _span(node)
                if isinstance(node, ast.ClassDef) and function is None:
                    here = (*classes, node.name)
                    if any("Protocol" in ast.unparse(base) for base in node.bases):
                        continue
                if isinstance(node, ast.FunctionDef) and function is None:
                    for default, other in enumerate(node.args.defaults):
                        yield node.args, "defaults", default, other, None, spans
                    for default, other in enumerate(node.args.kw_defaults):
                        if other is not None:
                            yield node.args, "kw_defaults", default, other, None, spans
                    inside = ".".join((*classes, node.name))
                    for number, statement in enumerate(node.body):
                        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                            yield node, "body", number, statement, inside, _span(statement)
                            yield from below(statement, here, inside, _span(statement))
                    continue
                yield parent, field, place, node, inside, spans
                yield from below(node, here, inside, spans)

    yield from below(tree, (), None, range(0))


def _span(node: ast.stmt) -> range:
    """The lines of a statement; of one with a body, those of its head."""
    body = getattr(node, "body", None)
    last = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
    return range(node.lineno, max(last, node.lineno + 1))


def _is_alias(node: ast.Assign | ast.AnnAssign) -> bool:
    """A name for a type has no behaviour, nor has the form of a temporary table that every test fills."""
    made_by = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
    return made_by == "temporary" or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript))


def _others(node: ast.AST, parent: ast.AST, field: str) -> Iterator[ast.AST]:
    """What could stand in a node's place."""
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            for other in COMPARED.get(type(operator), ()):
                ops: list[ast.cmpop] = [*node.ops]
                ops[number] = other()
                yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
        if len(node.values) > 2:
            for number in range(len(node.values)):
                yield ast.BoolOp(node.op, [*node.values[:number], *node.values[number + 1 :]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        yield ast.BinOp(node.left, COUNTED[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in COUNTED:
        yield ast.AugAssign(node.target, COUNTED[type(node.op)](), node.value)
        yield ast.Pass()
    elif isinstance(node, ast.Constant) and not isinstance(parent, ast.JoinedStr | ast.FormattedValue):
        yield from _constants(node)
    elif isinstance(node, ast.Name) and node.id in NAMES and field == "func":
        yield ast.Name(NAMES[node.id], ast.Load())
    elif isinstance(node, ast.If | ast.IfExp) and not isinstance(node.test, ast.Compare):
        yield type(node)(**{**dict(ast.iter_fields(node)), "test": ast.UnaryOp(ast.Not(), node.test)})
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKED:
        for number in range(len(node.args)):
            left = [*node.args[:number], *node.args[number + 1 :]]
            yield ast.Call(node.func, left, node.keywords) if left else node.func.value
        if not node.args:
            yield node.func.value


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
        if value not in (0, -1):
            yield ast.Constant(0)
    elif isinstance(value, str):
        yield ast.Constant(f"{value}_" if value else "_")
