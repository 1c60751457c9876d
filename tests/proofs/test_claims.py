"""What is claimed of each kind of source, channel, sink, link and group: a table that one reads.

Each line of claims.txt is a small fleet with one thing said in it; `pytest --update` writes it.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import DELIVERY, HARM, failure_words, harms, order_words

TABLE = Path(__file__).parent / "claims.txt"

SOURCES = {
    "seq": "seq",
    "taildir": 'taildir {\n    files = ["/var/log/a.log"]\n  }',
    "copytruncate": 'taildir {\n    files = ["/var/log/a.log"]\n    rotation = copytruncate\n  }',
    "http": 'http {\n    port = 8080\n    bind = "127.0.0.1"\n  }',
    "http named": 'http {\n    port = 8080\n    bind = "127.0.0.1"\n    request_id = "Id"\n  }',
}
CHANNELS = {
    "file": "file",
    "memory": "memory",
    "spill": "spill",
    "drops": "file {\n    when_full = drop_oldest\n  }",
}
SINKS = {
    "null": "null",
    "logger": "logger",
    "file_roll": 'file_roll {\n    directory = "/srv/a"\n  }',
    "hdfs": 'hdfs {\n    path = "hdfs://nn.example.com/a/%Y"\n  }',
}
DEDUP = (
    'file_roll {\n    directory = "/srv/a"\n    dead_letter = late\n\n    dedup {\n'
    "      key = header.id\n    }\n  }\n\n  channel late : file"
)
POLICIES = {
    "single": "policy = single",
    "all": "policy = all",
    "hash": "policy = hash(header.user)",
    **{
        f"{policy} {doubt}": f"policy = {policy}\n  in_doubt = {doubt}"
        for policy, doubt in product(("failover", "balance"), ("resend", "wait"))
    },
}


def alone(source: str, channel: str, sink: str, chain: str = "in -> spool") -> str:
    """Return one agent's flow."""
    return (
        f'hosts here = ["here-1"]\n\nagent a on here {{\n  source in : {source}\n\n'
        f"  channel spool : {channel}\n\n  sink out : {sink}\n\n  {chain}\n  spool -> out\n}}\n"
    )


def linked(policy: str, sink: str, hosts: int = 2, chain: str = "in -> spool") -> str:
    """Return the flow of an agent that sends to one on some hosts."""
    return (
        f'hosts here = ["here-1"]\n\nhosts there = "there-{{1..{hosts}}}"\n\nagent a on here {{\n'
        f"  source in : {SOURCES['http named']}\n\n  channel spool : file\n\n  {chain}\n}}\n\n"
        "agent b on there {\n  channel inbox : file\n\n"
        f"  sink out : {sink}\n\n  inbox -> out\n}}\n\n"
        f"a.spool => b.inbox {{\n  port = 4141\n  tls = mutual\n  {policy}\n}}\n"
    )


def fleets() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each fleet."""
    for source, channel, sink in product(SOURCES, CHANNELS, SINKS):
        text = alone(SOURCES[source], CHANNELS[channel], SINKS[sink])
        yield f"{source} -> {channel} -> {sink}", text
    for source in ("http", "http named"):
        yield f"{source} -> file -> dedup", alone(SOURCES[source], "file", DEDUP)
    for policy, sink in product(POLICIES, ("file_roll", "logger")):
        hosts = 1 if policy == "single" else 2
        yield f"link {policy} -> {sink}", linked(POLICIES[policy], SINKS[sink], hosts)
    for policy in ("single", "failover resend", "failover wait"):
        yield f"link {policy} to one -> dedup", linked(POLICIES[policy], DEDUP, 1)
    yield from _apart()
    yield from _chains()


def _apart() -> Iterator[tuple[str, str]]:
    """Yield groups of sinks."""
    for group, doubt in product(("failover", "balance"), ("resend", "wait")):
        text = alone(SOURCES["seq"], "file", SINKS["file_roll"])
        other = '  sink other : file_roll {\n    directory = "/srv/b"\n  }\n\n  in -> spool'
        text = text.replace("  in -> spool", other)
        yield (
            f"group {group} {doubt}",
            text.replace("spool -> out", f"spool -> {group}(out, other, in_doubt = {doubt})"),
        )


def _chains() -> Iterator[tuple[str, str]]:
    """Yield what the steps before a `dedup` make of its key, optional channels, and journals."""
    steps = {
        "fingerprint": "fingerprint(header.id, of = [body])",
        "of a host": "host() -> fingerprint(header.id, of = [header.host])",
        "timestamp": "timestamp(header = header.id)",
        "host": "host(header = header.id)",
        "static": 'static(header.id, "x", preserve = false)',
        "from the body": 'regex_extract(r"id=(\\w+)", into = [header.id])',
    }
    for name, step in steps.items():
        for source in ("http", "http named", "taildir"):
            text = alone(SOURCES[source], "file", DEDUP, f"in -> {step} -> spool")
            yield f"{source}, key by {name} -> dedup", text
    yield "optional channel", alone(SOURCES["seq"], "file", SINKS["hdfs"], "in -> spool?")
    yield from _twins()
    for source in ("seq", "http named"):
        late = alone(SOURCES[source], "file", SINKS["hdfs"])
        late = late.replace("  source in", "  journal default {\n    sync = 1s\n  }\n\n  source in")
        yield f"{source} -> sync = 1s -> hdfs", late
        two = alone(SOURCES[source], "file {\n    journal = fast\n  }", SINKS["hdfs"])
        two = two.replace(
            "  source in", '  journal fast {\n    directory = "/srv/f"\n  }\n\n  source in'
        )
        two = two.replace("in -> spool", "in -> spool, second").replace(
            "  sink out", "  channel second : file\n\n  sink rest : null\n\n  sink out"
        )
        two = two.replace("  spool -> out", "  spool -> out\n  second -> rest")
        yield f"{source} -> two journals -> hdfs", two


def _twins() -> Iterator[tuple[str, str]]:
    """Yield copies that meet one link on: what one loses counts if the other may be lost too."""
    for name, chain, channel, policy in (
        ("optional and not", "in -> spool, second?", "file", "single"),
        ("both optional", "in -> spool?, second?", "file", "single"),
        ("file and memory", "in -> spool, second", "memory", "single"),
        ("optional and memory", "in -> spool?, second", "memory", "single"),
        ("optional and not, chosen", "in -> spool, second?", "file", "failover"),
        ("optional and not, to all", "in -> spool, second?", "file", "all"),
        ("filtered apart", 'in -> second\n  in -> regex_filter(r"a") -> spool', "memory", "single"),
    ):
        hosts = 1 if policy == "single" else 2
        text = linked(f"policy = {policy}", SINKS["file_roll"], hosts, chain)
        text = text.replace("  in ->", f"  channel second : {channel}\n\n  in ->", 1)
        link = text[text.index("a.spool => ") :]
        yield (
            f"twins: {name}",
            text + "\n" + link.replace("spool", "second").replace("4141", "4142"),
        )


def claim_of(text: str) -> Claim:
    """Return the claim about `in` and `out`, also where a key is refused that names no event."""
    linted = lint_text(text)
    errors = [one for one in linted.diagnostics if one.severity == "error"]
    assert [one.message for one in errors if one.code != "FL345"] == []
    found = claims(Graph(linted.fleet))
    return next(one for one in found if one.source[1] == "in" and one.sink[1] == "out")


def line(name: str, claim: Claim) -> Iterator[str]:
    """Yield what is claimed, in a line, and a line for each harm."""
    yield f"{name}: {DELIVERY[claim.delivery]}, {order_words(claim.order)}"
    for effect, failures in harms(claim):
        yield f"    {HARM[effect.harm]} at {effect.where}: {failure_words(failures)}"


@pytest.mark.slow
def test_every_claim_is_as_the_table_says(request: pytest.FixtureRequest) -> None:
    made = "\n".join(row for name, text in fleets() for row in line(name, claim_of(text))) + "\n"
    if request.config.getoption("--update"):
        TABLE.write_text(made, "utf-8")

    assert TABLE.read_text("utf-8") == made, "pytest --update tests/proofs/test_claims.py"
