"""The part of a fleet that a test is about: what nothing leads to or from cannot change it."""

from collections import defaultdict

from flumec.compiler.model import AgentName, End, Trial
from flumec.compiler.plan import Plan


def concerned(plan: Plan, trial: Trial) -> Plan:
    """Return the plan of all hosts that have an agent which the test names, of those that links
    join them to, and of those that share a host with one of these.
    """
    hosts_of, agents_on = defaultdict[str, list[str]](list), dict[str, list[str]]()
    for host in plan.hosts:
        agents_on[host.name] = [agent.name for agent in host.agents]
        for name in agents_on[host.name]:
            hosts_of[name].append(host.name)
    joined = defaultdict[str, set[str]](set)
    for link in plan.links:
        ends = {link.sender[0], link.target[0]}
        for end in ends:
            joined[end] |= ends
    hosts, agents, waiting = set[str](), set[str](), list(_named(trial))
    while waiting:
        agent = waiting.pop()
        if agent not in agents:
            agents.add(agent)
            waiting += joined[agent]
            waiting += (one for host in hosts_of[agent] for one in agents_on[host])
            hosts.update(hosts_of[agent])
    return plan.only(hosts)


def _named(trial: Trial) -> set[str]:
    values = (held.value for said in trial.statements for held in said.values.values())
    return {
        value.agent if isinstance(value, End) else str(value)
        for value in values
        if isinstance(value, End | AgentName)
    }
