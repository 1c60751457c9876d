"""Reading Ansible's INI inventories."""

import re
from collections.abc import Iterator

from flumec.compiler.bind.inventory import Inventory, InventoryError, Text, expand_range
from flumec.compiler.source import Source, Span

_SECTION = re.compile(r"\[([^\]:]+)(?::(vars|children|hosts))?\]\s*(?:[#;].*)?$")
_WORD = re.compile(r"""(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+""")
_PORT = re.compile(r":\d+$")


def read_ini(source: Source) -> Inventory:
    """Return what an INI inventory says; raise InventoryError."""
    inventory, group, part = Inventory(), "ungrouped", "hosts"
    for start, line in _lines(source.text):
        span = Span(source, start, start + len(line))
        if line.startswith("["):
            found = _SECTION.match(line)
            if found is None:
                raise InventoryError(
                    f"`{line}` is no section: `[name]`, `[name:vars]`, `[name:children]`", span
                )
            group, part = found[1].strip(), found[2] or "hosts"
            inventory.group(group)
        elif part == "vars":
            _read_var(line, span, inventory.group(group).vars)
        elif part == "children":
            name = _words(line, span)[0][0]
            inventory.group(name)
            inventory.group(group).children.setdefault(name, span)
        else:
            _read_host(line, start, source, group, inventory)
    return inventory


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, without its comment, and where it starts."""
    at = 0
    for line in text.split("\n"):
        said = line.strip()
        if said and said[0] not in "#;":
            yield at + line.index(said[0]), said
        at += len(line) + 1


def _read_var(line: str, span: Span, variables: dict[str, Text]) -> None:
    name, equals, value = line.partition("=")
    if not equals:
        raise InventoryError(f"`{line}` is no variable: `name=value`", span)
    variables[name.strip()] = Text(_unquoted(value.strip()), span)


def _read_host(line: str, start: int, source: Source, group: str, inventory: Inventory) -> None:
    words = _words(line, Span(source, start, start + len(line)))
    place = Span(source, start + words[0].start(), start + words[0].end())
    variables = {}
    for word in words[1:]:
        name, equals, value = word[0].partition("=")
        span = Span(source, start + word.start(), start + word.end())
        if not equals:
            raise InventoryError(f"`{word[0]}` is no variable of a host: `name=value`", span)
        variables[name] = Text(_unquoted(value), span)
    pattern = _PORT.sub("", words[0][0]) if "[" not in words[0][0] else words[0][0]
    for host in expand_range(pattern, place):
        inventory.add_host(group, host, place)
        if variables:
            inventory.host_vars.setdefault(host, {}).update(variables)


def _words(line: str, span: Span) -> list[re.Match[str]]:
    """Return the words of a line up to a comment, at least one."""
    words = []
    for word in _WORD.finditer(line):
        if word[0][0] in "#;":
            break
        words.append(word)
    if not words:
        raise InventoryError(f"`{line}` has a quote that is not closed", span)
    return words


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value[1:-1]
    return value
