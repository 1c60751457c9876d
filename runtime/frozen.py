"""`@frozen`: a frozen dataclass with slots that costs little to declare.

`dataclass` writes six methods of each class as text and compiles them, a millisecond a class; with
two hundred of them that was two fifths of what `flumec lint` took for a small file. Here each is
written when it is first called: most classes belong to something that a fleet does not use.
"""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from types import MemberDescriptorType
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
Method = Callable[..., Any]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(declared: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots, to `dataclasses` and to `match` too.

    It compares, hashes, shows, copies and pickles as one. What the class defines itself stays.
    There is no `InitVar`.
    """
    made = dataclass(init=False, repr=False, eq=False, slots=True)(declared)
    made.__setstate__ = _restore  # type: ignore[attr-defined]
    give_methods(made, own=declared)
    return made


def give_methods(made: type, own: type) -> None:
    """Give a dataclass that has none the methods of a frozen one, but those that `own` defines."""
    methods = {name: _later(made, name, write) for name, write in WRITTEN.items()} | SHARED
    for name, method in methods.items():
        if name not in own.__dict__:
            setattr(made, name, method)


def _later(made: type, name: str, write: Callable[[type], Method]) -> Method:
    def method(self: object, *arguments: Any, **named: Any) -> Any:
        """Write what takes this one's place, and call it."""
        written = write(made)
        written.__qualname__ = f"{made.__qualname__}.{name}"
        setattr(made, name, written)
        return written(self, *arguments, **named)

    return method


def _init(made: type) -> Method:
    """Return the constructor; it sets fields past `__setattr__`, and through slots that is fast."""
    names: dict[str, Any] = {"MISSING": MISSING, "put": object.__setattr__}
    parameters, named, body = ["self"], ["*"], []
    for number, each in enumerate(fields(made)):
        parameter = value = each.name
        if each.default is not MISSING:
            parameter, names[f"default_{number}"] = f"{each.name}=default_{number}", each.default
        elif each.default_factory is not MISSING:
            parameter, names[f"make_{number}"] = f"{each.name}=MISSING", each.default_factory
            value = f"make_{number}() if {each.name} is MISSING else {each.name}"
        (named if each.kw_only else parameters).append(parameter)
        slot = getattr(made, each.name, None)
        if isinstance(slot, MemberDescriptorType):
            names[f"set_{number}"] = slot.__set__
            body.append(f"set_{number}(self, {value})")
        else:
            body.append(f"put(self, {each.name!r}, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    parameters += named if named[1:] else []
    return _function("__init__", ", ".join(parameters), "; ".join(body) or "pass", names)


def _eq(made: type) -> Method:
    same = f"{_values(made, 'self')} == {_values(made, 'other')}"
    body = f"return {same} if other.__class__ is self.__class__ else NotImplemented"
    return _function("__eq__", "self, other", body, {})


def _hash(made: type) -> Method:
    return _function("__hash__", "self", f"return hash({_values(made, 'self')})", {})


def _values(made: type, of: str) -> str:
    return f"({''.join(f'{of}.{each.name},' for each in fields(made) if each.compare)})"


def _function(name: str, parameters: str, body: str, names: dict[str, Any]) -> Method:
    exec(f"def {name}({parameters}): {body}", names)  # noqa: S102 of names that a class declares
    function: Method = names[name]
    return function


def _shown(self: Any) -> str:
    said = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(said)})"


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _restore(self: object, state: tuple[None, dict[str, Any]]) -> None:
    """Set what `object.__getstate__` gives of slots, to `copy` and `pickle`."""
    for name, value in state[1].items():
        object.__setattr__(self, name, value)


WRITTEN = {"__init__": _init, "__eq__": _eq, "__hash__": _hash}

SHARED: dict[str, Method] = {
    "__repr__": _shown,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
}
