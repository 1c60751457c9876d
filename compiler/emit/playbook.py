"""An Ansible playbook that installs a bundle on all hosts in the right order, and its inventory.

https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_strategies.html: `serial` takes the
hosts of a play in parts, `any_errors_fatal` ends everything at the first failure.
"""

import json

from flumec.compiler.change.fleet import planned
from flumec.compiler.change.order import Wave, waves
from flumec.compiler.emit import Runtimes
from flumec.compiler.emit.templates import render
from flumec.compiler.paths import INVENTORY, PLAYBOOK, folder
from flumec.compiler.plan import Host, Plan

PLACE = "/var/cache/flumec"
"""Where a host keeps the bundle that it is being brought."""

SERIAL = "25%"
"""How many hosts of a wave are installed at one time."""


def playbook(plan: Plan, runtimes: Runtimes) -> dict[str, bytes]:
    """Return both files; `runtimes` are those that lie beside the hosts' tars."""
    order = waves(planned(plan))
    shown = [
        {"title": _title(number, wave), "group": _group(number), "serial": _serial(wave)}
        for number, wave in enumerate(order, 1)
    ]
    return {
        PLAYBOOK: render("playbook.yml.j2", waves=shown).encode(),
        INVENTORY: _inventory(plan, order, runtimes).encode(),
    }


def _inventory(plan: Plan, order: list[Wave], runtimes: Runtimes) -> str:
    """Return the inventory: a group for each wave. JSON is YAML, and quotes whatever has to be."""
    hosts = {host.name: host for host in plan.hosts}
    groups = {
        _group(number): {"hosts": {name: _variables(hosts[name], runtimes) for name in wave.hosts}}
        for number, wave in enumerate(order, 1)
    }
    common = {"flumec_place": PLACE, "flumec_options": ""}
    data = {"flumec": {"vars": common, "children": groups}}
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def _variables(host: Host, runtimes: Runtimes) -> dict[str, str]:
    runtime = runtimes.get((host.python, host.arch))
    return {
        "ansible_host": host.address,
        "flumec_folder": folder(host.name),
        "flumec_runtime": str(runtime["name"]) if runtime else "",
    }


def _title(number: int, wave: Wave) -> str:
    hosts = f"{len(wave.hosts)} host{'' if len(wave.hosts) == 1 else 's'}"
    why = ", which send to each other, so one after the other" if wave.circle else ""
    return f"Wave {number} of {hosts}{why}"


def _group(number: int) -> str:
    return f"flumec_wave_{number}"


def _serial(wave: Wave) -> str:
    return "1" if wave.circle else f"\"{{{{ serial | default('{SERIAL}') }}}}\""
