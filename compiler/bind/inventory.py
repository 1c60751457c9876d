"""Ansible inventories as data: hosts, groups, and variables by Ansible's precedence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from flumec.compiler.source import Span

MOST_HOSTS = 100_000
_RANGE = re.compile(r"\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]+))?\]")


class InventoryError(ValueError):
    """What is wrong with an inventory, and where."""

    def __init__(self, sentence: str, span: Span) -> None:
        super().__init__(sentence)
        self.span = span


class Text(NamedTuple):
    """A variable's value as written, and its place."""

    text: str
    span: Span


@dataclass(slots=True)
class Group:
    """A group: its hosts, its child groups, its variables."""

    hosts: dict[str, Span] = field(default_factory=dict)
    children: dict[str, Span] = field(default_factory=dict)
    vars: dict[str, Text] = field(default_factory=dict)


@dataclass(slots=True)
class Inventory:
    """What an inventory file says. The group `all` has every host, said or not."""

    groups: dict[str, Group] = field(default_factory=lambda: {"all": Group()})
    host_vars: dict[str, dict[str, Text]] = field(default_factory=dict)

    def group(self, name: str) -> Group:
        """Return a group, made if it is new."""
        return self.groups.setdefault(name, Group())

    def add_host(self, group: str, name: str, span: Span) -> None:
        """Enter a host in a group, and in `all`."""
        self.group(group).hosts.setdefault(name, span)
        if name not in self.groups["all"].hosts:
            self.groups["all"].hosts[name] = span
            if len(self.groups["all"].hosts) > MOST_HOSTS:
                raise InventoryError(f"there are more than {MOST_HOSTS:,} hosts", span)

    def hosts_of(self, name: str) -> dict[str, Span]:
        """Return the hosts of a group and of its children, in the file's order."""
        hosts: dict[str, Span] = {}
        for group in self._below(name):
            for host, span in self.groups[group].hosts.items():
                hosts.setdefault(host, span)
        return hosts

    def _below(self, name: str) -> Iterator[str]:
        """Yield a group and all groups under it, each once."""
        seen, waiting = set[str](), [name]
        while waiting:
            group = waiting.pop()
            if group in seen or group not in self.groups:
                continue
            seen.add(group)
            yield group
            waiting.extend(reversed(self.groups[group].children))

    def vars_by_host(self, wanted: dict[str, Span]) -> dict[str, dict[str, Text]]:
        """Return each host's variables: of `all`, of parents, of children, then the host's own.

        Groups of one depth go by name, the later over the earlier, as Ansible has it.
        """
        depths = self._depths()
        order = sorted(self.groups, key=lambda name: (name != "all", depths.get(name, 0), name))
        merged: dict[str, dict[str, Text]] = {host: {} for host in wanted}
        for name in order:
            if variables := self.groups[name].vars:
                for host in self.hosts_of(name):
                    if host in merged:
                        merged[host].update(variables)
        for host, variables in merged.items():
            variables.update(self.host_vars.get(host, {}))
        return merged

    def _depths(self) -> dict[str, int]:
        """Return how deep each group lies, by the longest way; circles end where they close."""
        depths: dict[str, int] = {}
        waiting = [(name, 0, frozenset[str]()) for name in self.groups]
        steps = 0
        while waiting and steps < 100_000:
            steps += 1
            name, depth, above = waiting.pop()
            if name in above or (name in depths and depths[name] >= depth > 0):
                continue
            depths[name] = max(depth, depths.get(name, 0))
            group = self.groups.get(name)
            waiting.extend(
                (child, depth + 1, above | {name}) for child in (group.children if group else ())
            )
        return depths


def expand_range(pattern: str, span: Span) -> list[str]:
    """Return the hosts that `web[01:12].example.com` stands for; raise InventoryError."""
    found = _RANGE.search(pattern)
    if found is None:
        if "[" in pattern or "]" in pattern:
            raise InventoryError(f"`{pattern}` is no range of hosts like `web[01:12]`", span)
        return [pattern]
    first, last, step = found[1], found[2], int(found[3] or 1)
    head, tail = pattern[: found.start()], pattern[found.end() :]
    if first.isalpha() != last.isalpha() or step < 1:
        raise InventoryError(f"`{found[0]}` is no range", span)
    if first.isalpha():
        middle = [chr(code) for code in range(ord(first), ord(last) + 1, step)]
    else:
        if len(last) > 9 or (int(last) - int(first)) // step >= MOST_HOSTS:
            raise InventoryError(f"`{found[0]}` is more than {MOST_HOSTS:,} hosts", span)
        width = len(first) if first[0] == "0" else 0
        middle = [str(number).zfill(width) for number in range(int(first), int(last) + 1, step)]
    if not middle:
        raise InventoryError(f"`{found[0]}` runs backwards", span)
    rest = expand_range(tail, span)
    if len(rest) * len(middle) > MOST_HOSTS:
        raise InventoryError(f"`{pattern}` is more than {MOST_HOSTS:,} hosts", span)
    return [f"{head}{part}{end}" for part in middle for end in rest]
