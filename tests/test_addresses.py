"""Whether two listeners can have one port is what this machine says of its own sockets."""

import socket
from itertools import product

import pytest
from flumec.compiler.addresses import overlap

ADDRESSES = ("0.0.0.0", "::", "127.0.0.1", "127.0.0.2", "::1", "localhost")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
@pytest.mark.parametrize(("one", "two"), list(product(ADDRESSES, ADDRESSES)))
def test_two_listeners_clash_where_the_second_cannot_bind(one: str, two: str) -> None:
    with _bound(one, 0) as first:
        port = first.getsockname()[1]
        try:
            _bound(two, port).close()
        except OSError:
            assert overlap(one, two)
        else:
            assert not overlap(one, two)


def test_a_name_is_itself_and_in_all_addresses() -> None:
    assert overlap("db.internal", "db.internal")
    assert overlap("db.internal", "0.0.0.0")
    assert not overlap("db.internal", "192.0.2.7")


def _bound(address: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
        found.listen()
    except OSError:
        found.close()
        raise
    return found
