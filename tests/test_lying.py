"""The compiler and the runtime agree in which journal each channel lies, before and at start."""

import gc
import random
from weakref import ref

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.world.declared import declared
from flumec.runtime.keeping import layout
from flumec.runtime.lying import lying

ORDER = ("default", "second", "third")

HERE = 'hosts here = ["c1"]\n'

VAULT = """
hosts there = ["v1", "v2"]

agent vault on there {
  channel inbox : file
  sink store : null

  inbox -> store
}
"""


def fleet(chance: random.Random) -> str:
    """Return an agent of several journals, whose sources, letters and links join its channels."""
    channels = [f"c{number}" for number in range(chance.randint(3, 7))]
    named = {name: chance.choice((None, *ORDER)) for name in channels}
    lines = [f'  journal {name} {{\n    directory = "/{name}"\n  }}' for name in ORDER[1:]]
    for name, journal in named.items():
        kind = "memory" if journal is None else "file"
        said = None if journal == ORDER[0] else journal
        lines.append(f"  channel {name} : {kind}{_block(journal=said)}")
    chains, links = [], []
    left = set(channels)
    while left:
        source = f"s{len(chains)}"
        fed = chance.sample(channels, chance.randint(1, 3))
        left -= {*fed}
        lines.append(f"  source {source} : seq")
        chains.append(f"  {source} -> {', '.join(fed)}")
    for name in channels:
        letters = chance.choice((*[None] * 9, *(each for each in channels if each > name)))
        if chance.random() < 0.3:
            policy = chance.choice(("all", "failover"))
            block = _block("", port=f"410{name[1]}", policy=policy, dead_letter=letters)
            links.append(f"sender.{name} => vault.inbox{block}")
        else:
            block = _block(directory=f'"/srv/{name}"', dead_letter=letters)
            lines.append(f"  sink read_{name} : file_roll{block}")
            chains.append(f"  {name} -> read_{name}")
    body = "\n".join((*lines, *chains))
    vault = VAULT if links else ""
    return f"{HERE}{vault}\nagent sender on here {{\n{body}\n}}\n\n" + "\n".join(links)


def _block(indent: str = "  ", **values: str | None) -> str:
    said = [f"{indent}  {name} = {value}\n" for name, value in values.items() if value is not None]
    return f" {{\n{''.join(said)}{indent}}}" if said else ""


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_the_compiler_and_the_runtime_agree(first: int) -> None:
    held = 0
    for seed in range(first, first + 30):
        text = fleet(random.Random(seed))
        found = compile_text(text)
        if found.plan is None:
            continue
        held += 1
        known = Graph(found.fleet).derived(LyingByAgent).of(found.fleet.agents["sender"])
        (agent,) = (
            declared(each) for host in found.plan.hosts for each in host.agents
            if each.name == "sender"
        )  # fmt: skip
        where = layout(agent)
        assert known.channels.items() <= where.channels.items(), text
        assert known.homes == where.homes, text
    assert held > 15


@pytest.mark.parametrize(
    ("named", "together", "journals"),
    [
        ({"m": None, "f": "second"}, [{"m", "f"}], "second second"),
        ({"m": None, "f": "second"}, [{"m"}, {"f"}], "default second"),
        ({"n": None, "m": None, "f": "second"}, [{"n", "m"}, {"m", "f"}], "second second second"),
        ({"f": "third", "m": None, "g": "second"}, [{"f", "m"}, {"m", "g"}], "third second second"),
    ],
)
def test_memory_lies_with_what_is_written_with_it(
    named: dict[str, str | None], together: list[set[str]], journals: str
) -> None:
    assert " ".join(lying(named, together, ORDER).values()) == journals


def test_what_a_script_declares_goes_with_its_plan() -> None:
    plan = compile_text(GONE).plan
    assert plan is not None
    (agent,) = plan.hosts[0].agents
    assert declared(agent) is declared(agent)
    watched = ref(declared(agent))
    del plan, agent
    gc.collect()
    assert watched() is None


GONE = """\
hosts web = ["w1"]

agent a on web {
  source numbers : seq

  channel spool : memory

  sink out : null

  numbers -> spool
  spool -> out
}
"""
