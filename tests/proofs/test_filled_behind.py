"""A host's name that is given to events which lack it is another one where a link chooses."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure, Harm
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts web = ["web-1"]
hosts middle = ["relay-1", "relay-2"]
hosts core = ["core-1"]

agent tailer on web {
  source lines : taildir {
    files = ["/var/log/app.log"]
  }
  channel spool : file

  lines -> STEPS spool
}

agent relay on middle {
  source passing : link
  channel pass : file

  passing
    -> host(preserve = true)
    -> fingerprint(header.id, of = [header.host, body])
    -> pass
}

agent book on core {
  channel inbox : file
  channel late : file
  sink store : file_roll {
    directory = "/srv/lines"
    dead_letter = late
    dedup {
      key = header.id
    }
  }

  inbox -> store
}

tailer.spool => relay.passing {
  port = 4141
  policy = POLICY
}

relay.pass => book.inbox {
  port = 4141
}
"""


@pytest.mark.parametrize(
    ("policy", "steps", "known"),
    [
        ("balance\n  in_doubt = wait", "", False),
        ("balance\n  in_doubt = wait", "host() ->", True),
        ("hash(header.user)", r'regex_extract(r"^(\w+)", into = [header.user]) ->', True),
    ],
)
def test_what_is_read_again_is_known_where_it_comes_to_the_same_host(
    policy: str, steps: str, known: bool
) -> None:
    made = compile_text(FLEET.replace("POLICY", policy).replace("STEPS", steps))
    assert made.plan is not None, [each.message for each in made.diagnostics]
    claim = next(each for each in claims(Graph(made.fleet)) if each.source == ("tailer", "lines"))

    again = [each for each in claim.effects(Failure.DISK_LOST) if each.harm is Harm.REPEATS]

    assert [each.where for each in again] == ["book.store" if known else "tailer.lines"]
