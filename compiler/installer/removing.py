"""Taking flumec off a host; what its agents hold stays unless it is to go, too."""

from flumec.compiler.installer.agents import stop
from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.files import clear, remove_all
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.purging import purge, states
from flumec.compiler.installer.saying import RefusedError, Report, counted
from flumec.compiler.installer.systemd import call, forget, must
from flumec.compiler.installer.versions import installed, known, undelivered


def remove(host: Host, own: Bundle | None, report: Report, *, purging: bool, lose: bool) -> int:
    """Stop all agents and remove the bundles; with `purging` also what is in their journals.

    `own` is the bundle whose installer this is: root has it, so what it declares counts too.
    """
    bundles = known(host)
    current = installed(host)
    if purging:
        _refuse_loss(host, current, lose=lose)
    if host.live:
        stop(host, None, bundles, report)
        if purging:
            _still_nothing(host, current, lose=lose)
        for target in dict.fromkeys(target for each in bundles for target in each.targets):
            call(["systemctl", "stop", target])
    places = {place for each in bundles for place in (*each.places.values(), *each.links)}
    for folder in {host.at(place).parent for place in places}:
        clear(folder)
    for path in remove_all(host.at(place) for place in sorted(places)):
        report.did("removed", str(path))
    for folder in {host.at(link).parent for each in bundles for link in each.links}:
        if folder.name.startswith("flumec") and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    if host.live and places:
        must("systemctl", "daemon-reload")
        forget([unit for each in bundles for unit in each.units])
    if purging:
        purge(host, [*bundles, *([own] if own else [])], report)
    if host.home.exists():
        remove_all([host.home])
        report.did("removed", str(host.home))
    if not report.done:
        return report.end("flumec is not installed here: nothing to do", 0)
    kept = [] if purging else states(host)
    if kept:
        names = ", ".join(str(path) for path in kept)
        return report.end(f"flumec is removed; what its agents hold stays in {names}", 0)
    return report.end("flumec is removed", 0)


def _held(host: Host, current: Bundle | None) -> list[str]:
    """Return what journals still hold, one sentence for each agent."""
    found = []
    for state in states(host):
        held = undelivered(current, state) if current else None
        if held is None and any(state.iterdir()):
            found.append(f"{state}: what it holds cannot be read")
        elif held:
            found.append(f"{state}: {', '.join(held)}")
    return found


def _refuse_loss(host: Host, current: Bundle | None, *, lose: bool) -> None:
    held = _held(host, current)
    if held and not lose:
        raise RefusedError(
            "events that were not delivered would be lost, nothing was changed:\n  "
            + "\n  ".join(held)
            + "\nlet the agents deliver them, export them (`flumec channel export`), "
            "or say --lose-undelivered"
        )


def _still_nothing(host: Host, current: Bundle | None, *, lose: bool) -> None:
    """Look again, now that nothing more comes in; start the agents again if something did."""
    held = _held(host, current)
    if held and not lose and current is not None:
        for unit in (unit for a in current.agents for unit in (*a["sockets"], a["service"])):
            call(["systemctl", "start", unit])
        raise RefusedError(
            f"events came in while {counted(len(held), 'agent')} stopped; they run again, nothing "
            "was removed: keep clients away first"
        )
