"""Values of the bound fleet on one host: what only a host can fill in becomes final."""

import sys
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, get_args, get_origin

from flumec.compiler.model import Host, HostFact, PerHost, Settings, Step, Value
from flumec.runtime.component import Secret

if TYPE_CHECKING:
    from flumec.compiler.plan import Part

_WORDS = {"true": True, "false": False}


def varies(value: Any) -> bool:
    """Return whether `value` differs from host to host."""
    if isinstance(value, PerHost):
        return True
    if isinstance(value, Settings):
        return any(varies(inner.value) for inner in value.values.values())
    return isinstance(value, tuple | list) and any(varies(item) for item in value)


def facts_in(value: Any) -> Iterator[HostFact]:
    """Yield the facts of hosts that are in a value."""
    if isinstance(value, PerHost):
        yield from (part for part in value.parts if isinstance(part, HostFact))
    elif isinstance(value, Settings):
        for inner in value.values.values():
            yield from facts_in(inner.value)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from facts_in(item)


def resolve(value: Any, host: Host, address: str) -> Any:
    """Return what `value` is on `host`: an instance of the property's type, or a section's Part."""
    if isinstance(value, PerHost):
        return _on_host(value, host, address)
    if isinstance(value, Settings):
        return section(value, host, address)
    if isinstance(value, tuple | list):
        return tuple(resolve(item, host, address) for item in value)
    return value


def _on_host(value: PerHost, host: Host, address: str) -> Any:
    if value.type is Secret or get_origin(value.type) is tuple:  # a variable's, without a text
        (whole,) = value.parts
        assert isinstance(whole, HostFact)
        held = fact(whole, host, address)
        if value.type is Secret:
            return held
        item = get_args(value.type)[0]
        return tuple(item(as_text(one)) if item is not bool else one for one in held)
    text = text_on(value, host, address)
    return _WORDS[text] if value.type is bool else value.type(text)


def text_on(value: PerHost, host: Host, address: str) -> str:
    """Return the text that a host fills in."""
    parts = (p if isinstance(p, str) else as_text(fact(p, host, address)) for p in value.parts)
    return "".join(parts)


def as_text(value: Any) -> str:
    """Return a value as a file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def fact(path: HostFact, host: Host, address: str) -> Any:
    """Return the value of `host.name`, `host.vars.log_dir` and so on."""
    match path.path:
        case ("name",):
            return host.name
        case ("address",):
            return address
        case ("index",):
            return host.index
        case ("vars", name):
            return host.vars[name]
        case (name,):
            return host.facts[name]
    raise AssertionError(path)


def section(settings: Settings, host: Host, address: str) -> "Part":
    """Return a block inside a component as the call of its class."""
    from flumec.compiler.plan import Part  # lint makes no plan

    declaration = settings.declaration
    return Part(
        cls=declaration.__name__,
        module=module(declaration),
        name=None,
        values=values(settings.declaration, settings.values, host, address),
        origin="",
        kind="section",
        type=declaration.type,
        positional=positional(declaration, settings.values),
    )


def values(
    declaration: Any, written: Mapping[str, Value], host: Host, address: str
) -> dict[str, Any]:
    """Return what the user wrote, in the order in which the class declares it."""
    return {
        name: resolve(written[name].value, host, address)
        for name in declaration.props
        if name in written
    }


def positional(declaration: Any, written: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the properties that a call gives without their names: the first ones, up to a gap."""
    names = (name for name, declared in declaration.props.items() if declared.positional)
    return tuple(takewhile(written.__contains__, names))


def module(cls: type) -> str:
    """Return where a script imports `cls` from: the nearest package that exports it."""
    package = cls.__module__.rpartition(".")[0]
    exported = getattr(sys.modules.get(package), cls.__name__, None)
    return package if exported is cls else cls.__module__


def secrets(value: Any) -> Iterator[str]:
    """Yield the name of each secret in a final value."""
    from flumec.compiler.plan import Part

    if isinstance(value, Secret):
        yield value.name
    elif isinstance(value, Part):
        for inner in value.values.values():
            yield from secrets(inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from secrets(item)


def canonical(value: Any) -> Any:
    """Return `value` as plain JSON data that two spellings of the same quantity share."""
    if isinstance(value, Value):
        return canonical(value.value)
    if isinstance(value, PerHost):
        return [part if isinstance(part, str) else list(part.path) for part in value.parts]
    if isinstance(value, Settings):
        return {name: canonical(inner) for name, inner in sorted(value.values.items())}
    if isinstance(value, tuple | list):
        return [canonical(item) for item in value]
    if isinstance(value, Secret):
        return {"secret": value.name}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    return str(value) if isinstance(value, str | PurePath) else repr(value)


def setting_of(step: Step, name: str) -> Any:
    """Return a property of an interceptor, its default where it is not written."""
    held = step.values.get(name)
    declared = None if step.declaration is None else step.declaration.props.get(name)
    return held.value if held is not None else declared.default if declared else None
