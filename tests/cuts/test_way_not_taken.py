"""What lies only on ways that no event takes neither cuts a path nor loses anything of it."""

from pathlib import Path

from flumec.compiler.bind import bind
from flumec.compiler.cuts.paths import paths
from flumec.compiler.graph import Graph
from flumec.compiler.inputs import in_memory
from flumec.compiler.options import Options
from flumec.compiler.passes.surviving import check_surviving
from flumec.compiler.proofs.claims import claims

RELAY = """\
hosts {name}_host = ["{name}-1"]

agent {name} on {name}_host {{
  source in : link

  channel p : file

  channel q : file

  in -> route header.x {{
    "a" -> p
    else -> q
  }}
}}

{name}.p => last.p {{
  port = 4143
}}

{name}.q => last.q {{
  port = 4144
}}

edge.to_{name} => {name}.in {{
  port = 4141
}}
"""
ENDS = """\
hosts web = ["web-1"]

hosts core = ["core-1"]

agent edge on web {
  source in : http {
    port = 80
    bind = "127.0.0.1"
  }

  channel to_alpha : file

  channel to_beta : file

  in -> route header.x {
    "a" -> to_alpha
    else -> to_beta
  }
}

agent last on core {
  channel p : file

  channel q : file

  sink of_p : null

  sink of_q : null

  p -> of_p
  q -> of_q
}

check "what is for p never comes to beta" {
  from = edge.in
  to = last.of_p
  survives = [lose(beta)]
}

check "all that is for p comes to alpha" {
  from = edge.in
  to = last.of_p
  survives = [lose(alpha)]
}
"""


def test_the_arm_of_one_route_is_known_at_the_next() -> None:
    text = "\n".join([ENDS, RELAY.format(name="alpha"), RELAY.format(name="beta")])
    fleet, found = bind([Path("main.flow")], Options(), in_memory({"main.flow": text}))
    assert not list(found)
    graph = Graph(fleet)
    cuts = {
        path.claim.sink[1]: {each.host for cut in path.cuts if cut.alone for each in cut.elements}
        for path in paths(fleet, graph, claims(graph))
    }

    assert {"alpha-1", "edge.to_alpha"} <= cuts["of_p"]
    assert {"beta-1", "edge.to_beta"} <= cuts["of_q"]
    assert not {"beta-1", "edge.to_beta"} & cuts["of_p"]
    assert not {"alpha-1", "edge.to_alpha"} & cuts["of_q"]
    (lost,) = check_surviving(fleet, graph)
    assert "alpha" in lost.message
