"""`flumec certs`: a small certificate authority, for those who have none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from flumec.compiler.cli.arguments import FILE, fleet_arguments, opened, options
from flumec.compiler.cli.failures import CannotRun, meant

if TYPE_CHECKING:
    from flumec.compiler.certs.store import Store
    from flumec.compiler.plan import Host
    from flumec.runtime.tls.certificate import Certificate

F = TypeVar("F", bound=Callable[..., Any])


def _place(function: F) -> F:
    return click.option(
        "--dir",
        "place",
        metavar="DIR",
        type=FILE,
        default=Path("certs"),
        show_default=True,
        help="The authority's folder.",
    )(function)


def _days(default: int) -> Callable[[F], F]:
    return click.option(
        "--days",
        type=click.IntRange(1, 36_500),
        default=default,
        show_default=True,
        help="How long it is good.",
    )


@click.group("certs", short_help="Make certificates for the hosts of a fleet.")
def command() -> None:
    """Make a certificate authority and what it issues, for `tls = server` and `tls = mutual`.

    The authority's key stays in its folder. What is in `hosts/NAME` goes to the host NAME, into
    /etc/flumec/credentials.
    """


@command.command("init", short_help="Make an authority.")
@_place
@click.option("--name", default="flumec", show_default=True, help="What it calls itself.")
@_days(3650)
def init(*, place: Path, name: str, days: int) -> int:
    """Make an authority in a folder. One that is there is never overwritten."""
    with _store(place) as store:
        made = store.init(name, timedelta(days=days))
    click.echo(f"made an authority in {place}, good until {_day(made)}")
    click.echo(f"keep {place}/ca-key.pem where no host can read it, and a copy of it")
    return 0


@command.command("issue", short_help="Give hosts of a fleet certificates.")
@fleet_arguments
@_place
@click.option(
    "--host",
    "named",
    metavar="NAME",
    multiple=True,
    help="Only for this host, even if it has one; may be given more than once.",
)
@_days(365)
def issue(
    *, flow: tuple[Path, ...], sets: dict[str, str], flowvars: tuple[Path, ...],
    place: Path, named: tuple[str, ...], days: int, **rules: Any,
) -> int:  # fmt: skip
    """Give each host of the fleet that has none a key and a certificate of its name and address.

    With --host it is the named ones, also where there is one: for a host that was reinstalled, or
    whose key may have been read.
    """
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.cli.report import Report

    compiled = compile_fleet(flow, options(sets, flowvars, flow, **rules), opened(flow, flowvars))
    if compiled.plan is None:
        Report(compiled.diagnostics, form="text", strict=False).show()
        return 1
    hosts = {host.name: host for host in compiled.plan.hosts}
    for name in named:
        if name not in hosts:
            raise CannotRun(f"the fleet has no host `{name}`{meant(name, hosts)}")
    with _store(place) as store:
        authority = store.authority()
        for host in _without(store, hosts, named):
            made = store.issue(authority, host.name, [host.address], timedelta(days=days))
            _say(store, host.name, made)
    return 0


@command.command("renew", short_help="Renew certificates that end soon.")
@_place
@click.option(
    "--within",
    type=click.IntRange(0, 36_500),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Those that end within so many days.",
)
@_days(365)
def renew(*, place: Path, within: int, days: int) -> int:
    """Give a new key and certificate to each host whose certificate ends soon."""
    from flumec.runtime.tls.certificate import called

    with _store(place) as store:
        authority = store.authority()
        for held in list(store.due(timedelta(days=within))):
            names = sorted(held.certificate.names - {called(held.host)})
            _say(store, held.host, store.issue(authority, held.host, names, timedelta(days=days)))
    return 0


@command.command("ls", short_help="Show all certificates and when they end.")
@_place
def show(*, place: Path) -> int:
    """Show the authority and each host's certificate, with its end."""
    from flumec.runtime.tls.certificate import called

    with _store(place) as store:
        click.echo(f"{_day(store.ca())}  the authority")
        for held in store.held():
            others = sorted(held.certificate.names - {called(held.host)})
            click.echo(f"{_day(held.certificate)}  {' '.join([held.host, *others])}")
    return 0


def _without(store: "Store", hosts: "dict[str, Host]", named: tuple[str, ...]) -> "list[Host]":
    if named:
        return [hosts[name] for name in dict.fromkeys(named)]
    return [host for host in hosts.values() if store.of(host.name) is None]


def _say(store: "Store", host: str, made: "Certificate") -> None:
    from flumec.compiler.paths import folder

    click.echo(f"{store.place / 'hosts' / folder(host)}: good until {_day(made)}")


def _day(certificate: "Certificate") -> str:
    return f"{certificate.ends:%Y-%m-%d}"


@contextmanager
def _store(place: Path) -> "Iterator[Store]":
    from flumec.compiler.certs.store import CertsError, Store

    try:
        yield Store(place)
    except CertsError as error:
        raise CannotRun(str(error)) from None
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        raise CannotRun(f"cannot do this in `{place}`: {where}{error.strerror or error}") from None
