"""A script's wiring can be looked at, and a wrong one is refused on import."""

import subprocess
import sys

import pytest
from flumec.runtime import Agent, Arm, Drop, Optional, Otherwise, Route
from flumec.runtime.agent import Delivery, WiringError
from flumec.runtime.component import Channel, Component, Interceptor, Sink, Source


class Spring(Source, type="spring"):
    """Declared for these tests."""


class Tank(Channel, type="tank"):
    """Declared for these tests."""


class Drain(Sink, type="drain"):
    """Declared for these tests."""


class Inlet(Component):
    """Declared for these tests."""

    kind = "receiver"


class Sieve(Interceptor, type="sieve"):
    """Declared for these tests."""


@pytest.fixture
def agent() -> Agent:
    return Agent("tailer", host="web-1", address="127.0.0.1")


def test_parts_stand_in_the_order_of_the_wiring(agent: Agent) -> None:
    spring, left, right, drain = Spring("spring"), Tank("left"), Tank("right"), Drain("drain")
    agent.flow(spring, Sieve(), to=(left, Optional(right)))
    agent.deliver(right, drain)
    assert agent.parts == (spring, left, right, drain)
    assert agent.sources == (spring,)
    assert agent.channels == (left, right)
    assert agent.flows[0].to == (left, Optional(right))
    assert agent.deliveries == [Delivery(right, drain)]


def test_a_route_reaches_the_channels_of_all_its_arms(agent: Agent) -> None:
    first, second, third = Tank("first"), Tank("second"), Tank("third")
    route = Route(
        "kind",
        Arm("a", to=(first, Optional(second))),
        Arm("b", to=Drop()),
        otherwise=Otherwise(steps=(Sieve(),), to=third),
    )
    agent.flow(Spring("spring"), to=route)
    assert agent.channels == (first, second, third)
    assert agent.flows[0].channels == (first, second, third)


def test_a_receiver_of_two_links_is_one_part(agent: Agent) -> None:
    receiver, inbox = Inlet("from_tailer"), Tank("inbox")
    agent.receive(receiver, link="a.spool => b.inbox", wire="00", to=inbox)
    agent.receive(receiver, link="c.spool => b.inbox", wire="11", to=inbox)
    assert agent.receivers == (receiver,)
    assert [receipt.wire for receipt in agent.receipts] == ["00", "11"]


def test_wiring_mistakes_name_the_agent_and_the_part(agent: Agent) -> None:
    spring, tank, drain = Spring("spring"), Tank("tank"), Drain("drain")
    agent.flow(spring, to=tank)
    agent.deliver(tank, drain)
    inlet = Inlet("inlet")
    agent.receive(inlet, link="l", wire="00", to=tank)
    mistakes = {
        "a flow begins at a source, and `tank` is none": lambda: agent.flow(tank, to=tank),
        "a flow's steps are interceptors, and `drain` is none": lambda: agent.flow(
            spring, drain, to=tank
        ),
        "neither": lambda: agent.flow(spring, to=drain),
        "and 7 is neither": lambda: agent.flow(spring, to=(tank, 7)),
        "to=Drop()": lambda: agent.flow(spring, to=()),
        "two parts are named `tank`": lambda: agent.flow(spring, to=Tank("tank")),
        "a delivery begins at a channel, and `drain` is none": lambda: agent.deliver(drain, drain),
        "ends at a sink": lambda: agent.deliver(tank, spring),
        "channel `tank` has one consumer, `drain`": lambda: agent.deliver(tank, Drain("other")),
        "`drain` reads one channel, `tank`": lambda: agent.deliver(Tank("second"), drain),
        "a link comes in by a receiver": lambda: agent.receive(drain, link="k", wire="", to=tank),
        "a link ends at a channel": lambda: agent.receive(inlet, link="k", wire="", to=drain),
        "the link `l` is received twice": lambda: agent.receive(inlet, link="l", wire="", to=tank),
    }
    for sentence, mistake in mistakes.items():
        with pytest.raises(WiringError) as caught:
            mistake()
        assert sentence in str(caught.value)


def test_importing_what_a_script_imports_loads_nothing_heavy() -> None:
    program = (
        "import sys, flumec.runtime, flumec.runtime.sources, flumec.runtime.sinks\n"
        "print([m for m in ('pyarrow', 'aiohttp', 'prometheus_client') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


@pytest.mark.slow
def test_the_allocator_is_chosen_before_arrow_is_loaded() -> None:
    program = "import sys, flumec.runtime.process; print('pyarrow' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"
