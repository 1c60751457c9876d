"""Reading Ansible's YAML inventories."""

from typing import Any

from flumec.compiler.bind.inventory import Inventory, InventoryError, Text, expand_range
from flumec.compiler.source import Source, Span

_PARTS = ("hosts", "children", "vars")
_DEEPEST = 100


def read_yaml(source: Source) -> Inventory:
    """Return what a YAML inventory says; raise InventoryError."""
    import yaml

    inventory = Inventory()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(source.text, loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise InventoryError(f"it is no YAML: {_reason(error)}", _place(error, source)) from None
    if root is None:
        return inventory
    reader = _Reader(source)
    for name, node in reader.mapping(root, "an inventory"):
        reader.group(inventory, name.value, node, 0)
    return inventory


class _Reader:
    """Walks composed nodes, which know their places."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._seen: set[tuple[str, int]] = set()

    def mapping(self, node: Any, what: str) -> list[tuple[Any, Any]]:
        """Return the pairs of a mapping; nothing for an empty value; raise for anything else."""
        if node.id == "scalar" and node.value in ("", "~", "null"):
            return []
        if node.id != "mapping":
            raise InventoryError(f"{what} is a mapping", self.span(node))
        for key, _ in node.value:
            if key.id != "scalar":
                raise InventoryError("a name is a text", self.span(key))
        return list(node.value)

    def group(self, inventory: Inventory, name: str, node: Any, depth: int) -> None:
        """Enter a group and what is below it."""
        if depth > _DEEPEST:
            raise InventoryError(f"groups are nested more than {_DEEPEST} deep", self.span(node))
        if (name, id(node)) in self._seen:
            return  # an alias may stand for one node in many places
        self._seen.add((name, id(node)))
        group = inventory.group(name)
        for part, value in self.mapping(node, f"the group `{name}`"):
            if part.value == "hosts":
                for host, variables in self.mapping(value, "`hosts`"):
                    self.host(inventory, name, host, variables)
            elif part.value == "children":
                for child, below in self.mapping(value, "`children`"):
                    group.children.setdefault(child.value, self.span(child))
                    self.group(inventory, child.value, below, depth + 1)
            elif part.value == "vars":
                group.vars.update(self.variables(value))
            else:
                known = ", ".join(_PARTS)
                raise InventoryError(f"a group has {known}, not `{part.value}`", self.span(part))

    def host(self, inventory: Inventory, group: str, name: Any, variables: Any) -> None:
        """Enter a host, or a range of hosts."""
        span, found = self.span(name), self.variables(variables)
        for host in expand_range(name.value, span):
            inventory.add_host(group, host, span)
            if found:
                inventory.host_vars.setdefault(host, {}).update(found)

    def variables(self, node: Any) -> dict[str, Text]:
        """Return variables by name, leaving out what is no scalar: no .flow file can use it."""
        return {
            key.value: Text(_scalar(value), self.span(value))
            for key, value in self.mapping(node, "a set of variables")
            if value.id == "scalar"
        }

    def span(self, node: Any) -> Span:
        """Return the place of a node."""
        return Span(
            self.source, _offset(node.start_mark, self.source), _offset(node.end_mark, self.source)
        )


def _scalar(node: Any) -> str:
    if node.tag.endswith(":bool"):
        return "true" if node.value.lower() in ("true", "yes", "on", "y") else "false"
    return str(node.value)


def _offset(mark: Any, source: Source) -> int:
    """Return a mark as an offset of characters, which a mark's own index is not in every parser."""
    source.position(0)
    starts = source._starts  # noqa: SLF001 the line starts are what Source is for
    start: int = starts[min(mark.line, len(starts) - 1)]
    return min(start + int(mark.column), len(source.text))


def _place(error: Exception, source: Source) -> Span:
    mark = getattr(error, "problem_mark", None)
    at = _offset(mark, source) if mark else 0
    return Span(source, at, at)


def _reason(error: Exception) -> str:
    return str(getattr(error, "problem", None) or "it is nested too deep")
