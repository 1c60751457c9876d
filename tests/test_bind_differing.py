"""What differs from host to host is held to its type on every host, before anything is built."""

from typing import Any

import pytest
from flumec.compiler.build import compile_text, lint_text
from flumec.runtime.component import Secret

FLOW = """\
hosts web = inventory("hosts.ini") {{
  vars {{
{variables}
  }}
}}

agent a on web {{
{settings}
  source access : taildir {{
    files = ["/var/log/access.log"]
{source}
  }}

  channel spool : file

  sink files : file_roll {{
    directory = "/srv/logs"
{sink}
  }}

  access -> spool
  spool -> files
}}
"""


def flow(variables: str, settings: str = "", source: str = "", sink: str = "") -> str:
    return FLOW.format(variables=variables, settings=settings, source=source, sink=sink)


def said(text: str, inventory: str) -> list[str]:
    found = lint_text(text, files={"hosts.ini": inventory}).diagnostics
    return [f"{one.code} {one.message}" for one in found]


def values(text: str, inventory: str, part: int) -> list[dict[str, Any]]:
    """Return what one part of the agent is made with, host by host."""
    compiled = compile_text(text, files={"hosts.ini": inventory})
    assert compiled.diagnostics == ()
    assert compiled.plan is not None
    return [dict(host.agents[0].parts[part].values) for host in compiled.plan.hosts]


@pytest.mark.parametrize(
    ("variables", "block", "inventory", "message"),
    [
        (
            "way : string",
            {"source": "rotation = host.vars.way"},
            "web-1 way=rename\nweb-2 way=remane\n",
            (
                "FL207 `rotation` must be one of `rename`, `copytruncate`, `none`, "
                "not `remane` on `web-2`"
            ),
        ),
        (
            "number : number",
            {"settings": "metrics_port = host.vars.number"},
            "web-1 number=9100\nweb-2 number=91000\n",
            "FL206 `metrics_port` must be between 1 and 65535, not `91000` on `web-2`",
        ),
        (
            "number : number",
            {"sink": "max_open = host.vars.number"},
            "web-1 number=1.5\n",
            "FL204 `max_open` must be a whole number, but `1.5` is not whole on `web-1`",
        ),
        (
            "folder : string",
            {"sink": 'directory = "${host.vars.folder}"'},
            'web-1 folder=""\n',
            "FL218 `directory` must be a path, not an empty text on `web-1`",
        ),
        (
            "numbers : list(number)",
            {"source": "rotated = host.vars.numbers"},
            "web-1 numbers=1,2\n",
            (
                "FL204 `rotated` must be a list, each item a string, "
                "but `host.vars.numbers` is a list of numbers"
            ),
        ),
        (
            "folders : list(path)",
            {"sink": 'path = "${host.vars.folders}"'},
            "web-1 folders=/a,/b\n",
            "FL204 `${…}` must be something with a text, but `host.vars.folders` is a list",
        ),
        (
            "folder : port",
            {"settings": "metrics_port = host.vars.folder"},
            "web-1 folder=1\n",
            "FL133 unknown type `port`",
        ),
    ],
)
def test_a_host_whose_value_does_not_fit_is_named(
    variables: str, block: dict[str, str], inventory: str, message: str
) -> None:
    text = flow(variables, **block)
    if "directory =" in text.partition('directory = "/srv/logs"')[2]:
        text = text.replace('    directory = "/srv/logs"\n', "")

    assert said(text, inventory) == [message]


def test_a_url_has_a_scheme_on_every_host() -> None:
    text = flow("lake : string").replace(
        'file_roll {\n    directory = "/srv/logs"', "hdfs {\n    path = host.vars.lake"
    )
    found = said(text, "web-1 lake=hdfs://nn/logs\nweb-2 lake=nn/logs\n")

    assert found == ["FL213 `path` must be a url, `scheme://…`, not `nn/logs` on `web-2`"]


def test_a_secret_of_a_host_is_never_put_into_a_text() -> None:
    text = flow(
        'token : secret = secret("token")',
        sink='path = "${host.vars.token}"\n    suffix = host.vars.token',
    )

    assert said(text, "web-1\n") == [
        "FL212 a text is rendered into the bundle, so a secret cannot stand there",
        "FL212 `suffix` is rendered into the bundle, so a secret cannot stand there",
    ]


def test_a_secret_of_a_host_stands_where_one_is_taken() -> None:
    from flumec.compiler.model import Host, HostFact, PerHost
    from flumec.compiler.source import Source, Span
    from flumec.compiler.values import resolve

    host = Host("web-1", 0, {}, {"token": Secret("token")}, Span(Source("", ""), 0, 0))
    value = PerHost((HostFact(("vars", "token")),), Secret)

    assert resolve(value, host, host.address) == Secret("token")


def test_a_bool_of_a_host_is_one_and_has_the_text_of_one() -> None:
    text = flow(
        "whole : bool", source="skip_to_end = host.vars.whole", sink='path = "${host.vars.whole}"'
    )
    inventory = "web-1 whole=true\nweb-2 whole=false\n"

    assert [one["skip_to_end"] for one in values(text, inventory, 0)] == [True, False]
    assert [one["path"] for one in values(text, inventory, 2)] == ["true", "false"]


def test_a_list_of_a_host_is_a_property_as_a_whole() -> None:
    text = flow("old : list(path)", source="rotated = host.vars.old")
    inventory = "web-1 old=/a/x.1,/a/x.2\nweb-2 old=/b/x.1\n"

    assert [one["rotated"] for one in values(text, inventory, 0)] == [
        ("/a/x.1", "/a/x.2"),
        ("/b/x.1",),
    ]
