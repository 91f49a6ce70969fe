"""One YAML or CSV file as plain Python values, or the faults that keep it from being read."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from advisor.base.errors import Fault

# the largest shipped file is under 0.1 MB; a mistaken one must not fill the memory
MAX_BYTES = 2_000_000


class _Strict(yaml.composer.Composer, yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """How nodes and values are made of YAML: scalars of YAML 1.2, no repeated keys, no aliases."""

    check_event: Any  # of what reads the text
    peek_event: Any
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML keeps them on the class

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node; aliases are refused, since a few of them can unfold to gigabytes."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            problem = "an alias (*name). Write the value out"
            raise yaml.composer.ComposerError(None, None, problem, mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are texts and appear once."""
        seen: set[str] = set()
        for key, _ in node.value:
            is_text = isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge"
            if not is_text or key.value in seen:
                twice = f"the key '{key.value}' twice. Keep one"
                problem = twice if is_text else "a key that is not plain text"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
            key.tag = "tag:yaml.org,2002:str"  # `no:` and `1:` are names here
        return super().construct_mapping(node, deep)


class _Loader(_Strict, yaml.SafeLoader):
    """PyYAML's own reading of the text; what it says is wrong is what people are told."""


_READ_OTHERWISE = re.compile(r"[\t\ufeff]|(?<![^\s,\[{])!(?!=)|[|>][-+0-9]*#")
"""What the two read otherwise: tabs, byte order marks, tags, comments right behind `|` and `>`. A
`?` in an unquoted text in brackets libyaml takes as YAML has it, and PyYAML refuses.
"""
_QuickLoader: Callable[[str], Any] | None = None
with contextlib.suppress(ImportError):  # PyYAML can be built without libyaml
    from yaml._yaml import CParser

    class _WithLibyaml(_Strict, CParser):
        """The same nodes and values, the text read by libyaml: a quarter of the time."""

        def __init__(self, stream: Any):
            CParser.__init__(self, stream)
            yaml.composer.Composer.__init__(self)
            yaml.constructor.SafeConstructor.__init__(self)
            yaml.resolver.Resolver.__init__(self)

    _QuickLoader = _WithLibyaml


# YAML 1.2 core schema: `no` is Norwegian, not false; dates stay text for the schema to read.
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
):
    _whole, _starts = re.compile(f"^(?:{_pattern})$"), [sign.strip("\0") for sign in _first]
    _Strict.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, _starts)


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node).replace("_", ""))  # 010 is ten, as YAML 1.2 has it


_Strict.add_constructor("tag:yaml.org,2002:int", _construct_int)


def text(path: Path, name: str, if_missing: str = "Check its name and folder.") -> str | Fault:
    """Text of a file of at most `MAX_BYTES` in UTF-8, or why it cannot be read."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            problem = f"{size:,} bytes, more than the {MAX_BYTES:,} a catalog file may have."
            return Fault(name, "", "", problem, "Split it, or check that it is the right file.")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Fault(name, "", "", "the file is missing.", if_missing)
    except UnicodeDecodeError as error:
        return Fault(name, "", "", f"byte {error.start:,} is not UTF-8.", "Save the file as UTF-8.")
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or error})."
        remedy = "Check that it is a file and that its permissions allow reading."
        return Fault(name, "", "", problem, remedy)


def yaml_mapping(path: Path, name: str, *if_missing: str) -> dict[str, Any] | Fault:
    """The mapping at the top of a YAML file, or the fault with its line."""
    content = text(path, name, *if_missing)
    return content if isinstance(content, Fault) else parse_mapping(content, name)


def _value(content: str) -> Any:
    """What a YAML text holds. libyaml reads what is right; whatever it refuses PyYAML reads once
    more, so that a fault has the same words and line wherever it is found.
    """
    if _QuickLoader is not None and not _READ_OTHERWISE.search(content):
        with contextlib.suppress(Exception):
            return yaml.load(content, Loader=_QuickLoader)  # type: ignore[arg-type]  # noqa: S506
    return yaml.load(content, Loader=_Loader)  # noqa: S506 - a SafeLoader


def parse_mapping(content: str, name: str) -> dict[str, Any] | Fault:
    """The mapping at the top of a YAML text, or the fault with its line."""
    try:
        value = _value(content)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}" if mark else ""
        remedy = "Fix the YAML at that line."
        if mark and "\\t" in str(error.problem):
            remedy = "Indent with spaces; YAML allows no tabs there."
        return Fault(name, place, "", f"{error.problem or error.context}.", remedy)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        is_deep = isinstance(error, RecursionError)
        reason = "it is nested too deeply" if is_deep else str(error).split("\n")[0]
        return Fault(name, "", "", f"not readable as YAML: {reason}.", "Fix or restore the file.")
    except (LookupError, AttributeError, TypeError):
        # PyYAML 6.0 trips over `!!bool x`, `!!timestamp x`, `!!float ''`, `!!map [x]`
        problem = "not readable as YAML: a tag (!!) does not fit its value."
        return Fault(name, "", "", problem, "Write the value without a tag.")
    if not isinstance(value, dict):
        return Fault(name, "", "", "no mapping at the top.", "Write `field: value` lines.")
    return value


def csv_rows(
    path: Path, name: str, columns: tuple[str, ...], *if_missing: str
) -> list[dict[str, str]] | Fault:
    """Rows of a CSV file with exactly these columns, as text."""
    content = text(path, name, *if_missing)
    if isinstance(content, Fault):
        return content
    reader = csv.DictReader(io.StringIO(content), strict=True)
    try:
        header = tuple(reader.fieldnames or ())
        if header != columns:
            problem = f"the columns are {', '.join(header) or 'missing'}."
            return Fault(name, "line 1", "", problem, f"Write: {','.join(columns)}")
        rows = []
        for row in reader:
            if None in row or None in row.values():
                place, problem = f"line {reader.line_num}", f"not {len(columns)} values."
                remedy = "Quote values that hold commas, and fill every column."
                return Fault(name, place, "", problem, remedy)
            rows.append(row)
    except csv.Error as error:
        place, problem = f"line {reader.line_num}", f"not readable as CSV: {error}."
        return Fault(name, place, "", problem, "Fix the line.")
    return rows
