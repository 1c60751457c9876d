"""Installing a bundle, step by step: each is whole, and asks first what is there already."""

import os
from pathlib import Path

from flumec.compiler.installer.agents import close, start, stop, to_start, to_stop
from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.checks import Setting, check
from flumec.compiler.installer.drained import tell_of_drained
from flumec.compiler.installer.files import clear, holds, put_link, remove_all
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.runtime import BEFORE, find_parcel, put_runtime, runtime_of
from flumec.compiler.installer.saying import RefusedError, Report, counted
from flumec.compiler.installer.systemd import forget, must
from flumec.compiler.installer.versions import (
    installed,
    known,
    places_of_others,
    prune,
    put_places,
    put_version,
    switch,
)

APPLYING = "applying"
"""A link to the bundle whose files are being put in place; it is gone when all of them are."""


def title(bundle: Bundle) -> str:
    """Return what a bundle is called."""
    return f"{bundle.host}: bundle {bundle.digest} of flumec {bundle.version}"


def check_only(run: Setting, report: Report) -> int:
    """Say whether the bundle can be installed, and what that would do."""
    check(run, report)
    if report.errors:
        found = counted(report.errors, "finding")
        return report.end(f"{title(run.bundle)} cannot be installed: {found}", 1)
    if run.host.link(APPLYING).is_symlink():
        report.found("warning", "an installation was cut off", "--apply or --rollback ends it")
    tell_of_drained(run.host, run.bundle, report)
    coming = list(_coming(run))
    for what, text in coming:
        report.did(what, text)
    return report.end(
        f"{title(run.bundle)} {'can be installed' if coming else 'is installed and runs'}", 0
    )


def _coming(run: Setting) -> list[tuple[str, str]]:
    """Return what installing it would do."""
    host, bundle = run.host, run.bundle
    coming = []
    folder = runtime_of(host, bundle)
    if folder is not None and not folder.is_dir():
        coming.append(("to unpack", str(find_parcel(bundle, run.runtime))))
    before = installed(host)
    if before is None or before.digest != bundle.digest:
        coming.append(("to switch", f"{before.digest if before else 'nothing'} → {bundle.digest}"))
    for name, place in bundle.places.items():
        if not holds(host.at(place), bundle.read(name), bundle.mode(name)):
            coming.append(("to put", place))
    others = [other for other in known(host) if other.digest != bundle.digest]
    old = places_of_others(bundle, others)
    coming += [("to remove", place) for place in old if os.path.lexists(host.at(place))]
    if host.live:
        coming += [("to stop", unit) for unit in to_stop(bundle, others)]
        coming += [("to start", agent["service"]) for agent in to_start(host, bundle, run.python)]
    return coming


def apply(run: Setting, report: Report) -> int:
    """Install the bundle, and start what is not as it has it; return the exit status."""
    check(run, report)
    if report.errors:
        found = counted(report.errors, "finding")
        return report.end(f"{title(run.bundle)}: {found}; nothing was changed", 1)
    clear(run.host.home)
    clear(run.host.runtimes)
    bundle, changed = _put(run, report)
    host = run.host
    tell_of_drained(host, bundle, report)
    if not host.live:
        prune(host, report)
        return report.end(f"{title(bundle)} is in {host.root}", 0)
    waiting = to_start(host, bundle, run.python)
    if changed or waiting:
        must("systemctl", "daemon-reload")
        close(host, bundle, known(host), report)
        forget([unit for other in known(host) for unit in other.units if unit not in bundle.units])
    if not run.starting:
        for agent in waiting:
            report.did("to start", f"systemctl restart {agent['service']}")
        return report.end(f"{title(bundle)} is installed, nothing was started", 0)
    if failed := start(host, bundle, run.python, report):
        return report.end(
            f"{title(bundle)} is installed, and {', '.join(failed)} failed; see `journalctl -u "
            f"{failed[0]}`, mend it and run this again, or go back: {host.home}/current/install "
            "--rollback",
            1,
        )
    prune(host, report)
    if not report.done:
        return report.end(f"{title(bundle)} runs already: nothing to do", 0)
    return report.end(f"{title(bundle)} runs", 0)


def _put(run: Setting, report: Report) -> tuple[Bundle, bool]:
    """Put everything in its place; return the bundle as it is installed, and what changed."""
    host = run.host
    if put_runtime(host, run.bundle, _parcel(run), run.python):
        report.did("unpacked", f"{runtime_of(host, run.bundle)}")
    bundle = put_version(host, run.bundle, run.python)
    others = [other for other in known(host) if other.digest != bundle.digest]
    if host.live:
        stop(host, bundle, others, report)
        _make_users(host, bundle)
    put_link(host.link(BEFORE), str(run.python.path))
    put_link(host.link(APPLYING), bundle.digest)
    put, removed = put_places(host, bundle, others)
    before = installed(host)
    switched = switch(host, bundle)
    remove_all([host.link(APPLYING)])
    for path in put:
        report.did("put", str(path))
    for path in removed:
        report.did("removed", str(path))
    if switched:
        report.did("switched", f"{before.digest if before else 'nothing'} → {bundle.digest}")
    return bundle, bool(put or removed or switched)


def _parcel(run: Setting) -> Path | None:
    return find_parcel(run.bundle, run.runtime) if run.bundle.runtime is not None else None


def _make_users(host: Host, bundle: Bundle) -> None:
    """Make users and folders, before a unit is in place that needs them."""
    for kind, command in (
        ("sysusers", ["systemd-sysusers"]),
        ("tmpfiles", ["systemd-tmpfiles", "--create"]),
    ):
        name = f"systemd/{kind}.conf"
        if not holds(host.at(bundle.places[name]), bundle.read(name), bundle.mode(name)):
            must(*command, bundle.folder / name)


def bundle_before(host: Host) -> Bundle:
    """Return the bundle that --rollback goes to."""
    half = host.linked(APPLYING)
    current = installed(host)
    if half is not None and current is not None and half.name != current.digest:
        return current
    before = installed(host, "previous")
    if before is None:
        raise RefusedError(f"there is no bundle to go back to: {host.home} has no `previous`")
    return before
