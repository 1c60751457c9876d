"""Properties, each right on its own, that do not go together."""

from flumec.runtime.frozen import frozen


@frozen
class Contradiction:
    """Properties that cannot stand together, the first being the one to blame, and why."""

    properties: tuple[str, ...]
    sentence: str


@frozen
class Misfit:
    """A property that does less than it says, as another one, or the agent, has a closer bound.

    Names are those in the file, `roll.idle` for a section's; `other` is empty for the agent.
    """

    name: str
    other: str
    sentence: str
    hint: str
