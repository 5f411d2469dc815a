"""Expressions in a ``.pt2``, which torch evaluates as Python: held to numbers, symbols and known functions of them.

Each is parsed, never evaluated. Torch hands sizes to sympy, which evaluates any Python that it is given, and compiles
guards as they stand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TypeGuard

LONGEST = 1 << 16
DEEPEST = 150
LARGEST = 1 << 63
LARGEST_POWER = 1024
"""A literal exponent above it makes a number that takes minutes to compute."""

_SYMBOL = re.compile(r"[A-Za-z]{1,4}\d+(?:_\d+)?\Z", re.ASCII)
_QUOTED_SYMBOL = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\Z|[-+]?(?:inf|nan|oo)\Z", re.ASCII)
_CONSTANTS = {"oo", "int_oo", "zoo", "nan", "inf", "true", "false", "pi", "E"}
_ASSUMPTIONS = {
    "positive", "negative", "nonnegative", "nonpositive", "nonzero", "zero", "integer", "real", "finite", "infinite",
    "commutative", "evaluate", "precision", "even", "odd", "rational",
}  # fmt: skip
_FUNCTIONS = {
    "Integer", "Float", "Rational", "Symbol", "Add", "Mul", "Pow", "Max", "Min", "Mod", "Abs", "Piecewise",
    "ExprCondPair", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality", "StrictLessThan", "LessThan",
    "GreaterThan", "StrictGreaterThan", "And", "Or", "Not", "Xor", "Infinity", "NegativeInfinity", "floor", "ceiling",
    "sqrt", "log", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "FloorDiv",
    "ModularIndexing", "Where", "PythonMod", "CleanDiv", "CeilToInt", "FloorToInt", "CeilDiv", "LShift", "RShift",
    "PowByNatural", "FloatPow", "FloatTrueDiv", "IntTrueDiv", "IsNonOverlappingAndDenseIndicator", "TruncToFloat",
    "TruncToInt", "RoundToInt", "RoundDecimal", "ToFloat", "Identity",
}  # fmt: skip
"""What torch 2.13 writes, by sympy's names and its own."""
_POWERS = {"Pow", "PowByNatural", "FloatPow", "LShift"}
_GUARD_CALLS = re.compile(
    r"(?:max|min|abs|round|IsNonOverlappingAndDenseIndicator|cast_symbool_to_symint_guardless"
    r"|math\.(?:trunc|floor|ceil|sqrt|isnan|isinf|log2?|exp|pow)"
    r"|torch\._?sym_(?:float|int|ite|max|min|not|sqrt|sum|log2|sin|cos|tan|asin|acos|atan|sinh|cosh|tanh))\Z"
)
_OF_A_TENSOR = {"size", "stride", "storage_offset", "dim", "item"}
_ARITHMETIC = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Tuple, ast.operator, ast.unaryop,
    ast.cmpop, ast.boolop, ast.Load,
)  # fmt: skip
_OPERATORS = (ast.MatMult, ast.In, ast.NotIn, ast.Is, ast.IsNot)
"""Those that no size or guard has."""
Rule = Callable[[ast.AST], "list[ast.AST] | None"]
"""The nodes below one that are still to be looked at; None where the node is none of arithmetic."""


class NotArithmetic(ValueError):  # noqa: N818 - it names what was found
    """An expression that holds more than arithmetic."""


def require_size(text: str) -> None:
    """Raises NotArithmetic unless ``text`` is arithmetic of numbers and symbols, as torch writes sizes."""
    _require(text, _of_size)


def require_guard(text: str) -> None:
    """Raises NotArithmetic unless ``text`` compares inputs' sizes, as torch writes guards."""
    if re.search(r"[\"{}]", text):  # torch puts it between double quotes, too
        raise NotArithmetic(text)
    _require(text, _of_guard)


def _require(text: str, rule: Rule) -> None:
    """Holds every node to the rule, and powers to what is computed in no time."""
    if len(text) > LONGEST or not text.isascii() or not text.isprintable() or re.search(r"[#\\]", text):
        raise NotArithmetic(text)
    try:
        left: list[tuple[ast.AST, int, int]] = [(ast.parse(text, mode="eval"), 0, 0)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotArithmetic(text) from None
    while left:
        node, depth, powers = left.pop()
        powers += _is_power(node)
        below = rule(node)
        if below is None or depth > DEEPEST or powers > 2 or not _is_small(node):
            raise NotArithmetic(text)
        left += [(child, depth + 1, powers) for child in below]


def _of_size(node: ast.AST) -> list[ast.AST] | None:
    if isinstance(node, ast.Name):
        return [] if _SYMBOL.match(node.id) or node.id in _CONSTANTS else None
    if isinstance(node, ast.Call):
        return _call_of_size(node)
    if isinstance(node, ast.keyword):
        return [node.value] if node.arg in _ASSUMPTIONS and isinstance(node.value, ast.Constant) else None
    return _plain(node)


def _call_of_size(node: ast.Call) -> list[ast.AST] | None:
    if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
        return None
    quotable = {"Symbol": _QUOTED_SYMBOL, "Float": _NUMBER}.get(node.func.id)
    first, *rest = [*node.args, None]
    if quotable is not None and _is_text(first):
        return [*filter(None, rest), *node.keywords] if quotable.match(str(first.value)) else None
    return [*node.args, *node.keywords]


def _of_guard(node: ast.AST) -> list[ast.AST] | None:
    if isinstance(node, ast.Name):
        return [] if node.id in {"inf", "nan"} or _SYMBOL.match(node.id) else None
    if isinstance(node, ast.Attribute):
        return [] if ast.unparse(node) in {"math.inf", "math.nan"} else None
    if isinstance(node, ast.Subscript):
        return [] if _is_part_of_input(node) else None
    if isinstance(node, ast.Call):
        return _call_of_guard(node)
    return [] if _is_text(node) and _TEXT.match(str(node.value)) else _plain(node)


_TEXT = re.compile(r"[\w .,:/-]*\Z", re.ASCII)


def _call_of_guard(node: ast.Call) -> list[ast.AST] | None:
    if node.keywords:
        return None
    if _is_method_of_input(node):
        return [*node.args]
    return [*node.args] if _GUARD_CALLS.match(ast.unparse(node.func)) else None


def _is_method_of_input(node: ast.AST) -> bool:
    """``L['x'].size()``."""
    func = node.func if isinstance(node, ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr in _OF_A_TENSOR and _is_part_of_input(func.value)


def _is_part_of_input(node: ast.AST) -> bool:
    """``L['x'][0]``, or an entry of what such a one's method returns."""
    while isinstance(node, ast.Subscript):
        entry = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
        if not isinstance(entry, ast.Constant) or not isinstance(entry.value, (int, str)):
            return False
        if isinstance(entry.value, str) and not _TEXT.match(entry.value):
            return False
        node = node.value
    return (isinstance(node, ast.Name) and node.id == "L") or _is_method_of_input(node)


def _plain(node: ast.AST) -> list[ast.AST] | None:
    if isinstance(node, ast.Constant):
        return [] if isinstance(node.value, (bool, int, float)) else None
    if isinstance(node, _OPERATORS) or not isinstance(node, _ARITHMETIC):
        return None
    return list(ast.iter_child_nodes(node))


def _is_text(node: ast.AST | None) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_power(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.Pow, ast.LShift))
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _POWERS


def _is_small(node: ast.AST) -> bool:
    """Whether a number is one of a size, and an exponent without a symbol a small number that is written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return abs(node.value) <= LARGEST or node.value == float("inf")
    if not _is_power(node):
        return True
    sides = [node.left, node.right] if isinstance(node, ast.BinOp) else getattr(node, "args", [])
    return len(sides) == 2 and (_has_symbol(sides[1]) or all(n <= LARGEST_POWER for n in _numbers(sides[1])))


def _has_symbol(node: ast.AST) -> bool:
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    return any(n.id in {"Symbol", "L"} or _SYMBOL.match(n.id) for n in names)


def _numbers(node: ast.AST) -> list[float]:
    """Of an exponent: infinity stands for one that would first have to be computed."""
    known = {"Integer", "Rational", "Float"}
    if any(isinstance(n, ast.BinOp) or (isinstance(n, ast.Name) and n.id not in known) for n in ast.walk(node)):
        return [float("inf")]
    values = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return [abs(float(v)) for v in values if isinstance(v, (int, float, str)) and not isinstance(v, bool)]
