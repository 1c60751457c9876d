"""Two teams' files that share a host are one fleet: what one takes from the other is said once."""

from pathlib import Path

import pytest
from flumec.compiler.build import lint
from flumec.compiler.options import Options

SHOP = """\
hosts shop = ["m1.example.com"]

## The shop's logs.
agent shop on shop {
  metrics_port = 9101

  source logs : taildir {
    files = ["/var/log/shop/*.log"]
  }

  channel spool : file {
    size = 2GiB
  }

  sink files : file_roll {
    directory = "/srv/shop"
  }

  logs -> spool
  spool -> files
}
"""
PAY = """\
hosts pay = ["m1.example.com"]

## Payments.
agent pay on pay {
  metrics_port = 9102

  journal default {
    directory = "/data/pay"
  }

  source posts : http {
    port = 8080
    bind = "127.0.0.1"
  }

  source more : taildir {
    files = ["/var/log/pay/*.log"]
  }

  channel inbox : file {
    size = 2GiB
  }

  channel lines : file {
    size = 2GiB
  }

  sink files : file_roll {
    directory = "/srv/pay"

    roll {
      every = 5m
    }
  }

  sink copies : file_roll {
    directory = "/srv/copies"
  }

  posts -> inbox
  more -> lines
  inbox -> files
  lines -> copies
}
"""
DISK = 'hosts shop = ["m1.example.com"] {\n  disk = 1GiB\n}'
USER = 'hosts {0} = ["m1.example.com"] {{\n  user = "{0}"\n}}'
MISTAKES = {
    "a port of the other's metrics": ("FL530", "pay", "port = 8080", "port = 9101"),
    "both metrics at one port": ("FL530", "pay", "9102", "9101"),
    "a directory of the other's sink": ("FL532", "pay", "/srv/pay", "/srv/shop"),
    "the same in other words": ("FL532", "pay", "/srv/pay", "/srv/./shop/"),
    "a sink in the other's state": ("FL537", "shop", "/srv/shop", "/var/lib/flumec/pay/out"),
    "a sink in the other's journal": ("FL537", "shop", "/srv/shop", "/data/pay/out"),
    "a journal in one's own state": ("FL537", "pay", "/data/pay", "/var/lib/flumec/pay/journal"),
    "one file, two sources, one store": (
        "FL536", "pay", 'files = ["/var/log/pay/*.log"]', 'files = ["/var/**/orders.log"]',
    ),
    "an agent's name": ("FL103", "pay", "agent pay", "agent shop"),
    "a host in capitals": ("FL515", "pay", '"m1.', '"M1.'),
    "a disk for one of them": ("FL620", "shop", 'hosts shop = ["m1.example.com"]', DISK),
    "a file that is larger than its channel": (
        "FL909", "pay", "every = 5m", "size = 2GiB",
    ),
    "a quiet time that never comes": ("FL914", "pay", "every = 5m", "every = 5m\n      idle = 1h"),
    "more clients than names": (
        "FL914", "pay", "port = 8080",
        'port = 8080\n    request_id = "Idempotency-Key"\n    max_connections = 4000',
    ),
    "requests that are larger than their channel": (
        "FL913", "pay", "inbox : file {\n    size = 2GiB", "inbox : file {\n    size = 4MiB",
    ),
    "batches that are larger than their channel": (
        "FL913", "pay", "lines : file {\n    size = 2GiB", "lines : file {\n    size = 2MiB",
    ),
    "a name that a channel has": (
        "FL539", "pay", "lines : file {", 'lines : file {\n    formerly = "inbox"',
    ),
}  # fmt: skip


def said(shop: str, pay: str, folder: Path) -> list[tuple[str, str]]:
    """Return the rules that speak, each with the file that it blames."""
    files = (folder / "shop.flow", folder / "pay.flow")
    for file, text in zip(files, (shop, pay), strict=True):
        file.write_text(text)
    found = lint(list(files), Options()).diagnostics
    return [(one.code, Path(one.span.source.path).stem) for one in found]


def test_two_files_that_keep_apart_are_clean(tmp_path: Path) -> None:
    assert said(SHOP, PAY, tmp_path) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_they_share_by_mistake_is_said_where_it_is(mistake: str, tmp_path: Path) -> None:
    code, where, before, after = MISTAKES[mistake]
    texts = {"shop": SHOP, "pay": PAY}
    assert before in texts[where]
    texts[where] = texts[where].replace(before, after, 1)
    if code == "FL536":
        texts["shop"] = texts["shop"].replace('"/srv/shop"', '"/srv/copies"')

    found = said(texts["shop"], texts["pay"], tmp_path)

    # An agent that is left out, as its name is taken, leaves its host set unused.
    assert [one for one in found if one[0] != "FL901"] == [(code, where)]


def test_two_users_of_one_machine(tmp_path: Path) -> None:
    shop = SHOP.replace('hosts shop = ["m1.example.com"]', USER.format("shop"))
    pay = PAY.replace('hosts pay = ["m1.example.com"]', USER.format("pay"))

    assert said(shop, pay, tmp_path) == [("FL511", "pay")]
