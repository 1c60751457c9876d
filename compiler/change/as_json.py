"""What would change, for programs: one object, as docs/plan.md has it, only ever added to."""

from dataclasses import asdict
from typing import Any

from flumec.compiler.change.outcome import RESTARTED, Alike, Outcome

FORMAT = 1


def as_json(found: Outcome) -> dict[str, Any]:
    """Return the object."""
    return {
        "flumec plan": FORMAT,
        "changes": bool(found.status),
        "version": {"before": found.old.version, "after": found.new.version},
        "journal_format": {"before": found.old.journal_format, "after": found.new.journal_format},
        "hosts": len(found.new.hosts),
        "agents": [_agent(each) for each in found.agents],
        "waves": [{"hosts": list(wave.hosts), "circle": wave.circle} for wave in found.waves],
        "leaving": list(found.leaving),
        "standstills": [
            {
                "link": each.link,
                "senders": list(each.senders),
                "receivers": list(each.receivers),
                "ports": each.ports and {"before": each.ports[0], "after": each.ports[1]},
                "outside": list(each.outside),
                "replaces": each.replaces,
            }
            for each in found.standstills
        ],
        "orphans": [
            {
                "host": each.host,
                "agent": each.agent,
                "channel": each.channel,
                "reason": each.reason,
                "rows": each.held and each.held.rows,
                "bytes": each.held and each.held.bytes,
            }
            for each in found.orphans
        ],
        "strangers": [
            {"agent": each.agent, "flow": each.flow, "hosts": list(each.hosts)}
            for each in found.strangers
        ],
    }


def _agent(each: Alike) -> dict[str, Any]:
    return {
        "agent": each.agent,
        "hosts": list(each.hosts),
        "fate": each.fate,
        "restarts": each.fate in RESTARTED,
        "changes": [asdict(change) | {"text": str(change)} for change in each.changes],
    }
