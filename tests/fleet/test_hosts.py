"""The hosts that other tests stand on: power, cables and disks do what they say."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet.hosts.hosts import Hosts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ECHO = """
import socket, socketserver
class Handler(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(socket.gethostname().encode())
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("", 7000), Handler).serve_forever()
"""
ASK = "timeout 1 python3 -c 'import socket; print(socket.create_connection((\"{}\",7000)).recv(9))'"


def answers(hosts: Hosts, asker: str, asked: str) -> bool:
    """Whether one hears the other: a cut is silence, so a timeout without a word."""
    said = hosts.say(asker, ASK.format(asked))
    assert said in {"", f"b'{asked}'"}, said
    return bool(said)


def serve(hosts: Hosts, name: str) -> None:
    hosts.write(name, "/opt/echo.py", ECHO)
    hosts.must(name, "systemd-run -q --unit=echo python3 /opt/echo.py")
    hosts.must(name, f"until {ASK.format('127.0.0.1')} 2>/dev/null; do sleep 0.1; done")


def test_what_is_cut_is_silence_and_heals(hosts: Callable[..., Hosts]) -> None:
    three = hosts("one", "two", "three")
    for name in ("one", "two", "three"):
        serve(three, name)
    assert answers(three, "one", "two")
    three.cut("one", "two")
    assert not answers(three, "one", "two")
    assert not answers(three, "two", "one")
    assert answers(three, "one", "three")
    three.heal("one", "two")
    assert answers(three, "one", "two")
    three.cut("three")
    assert not answers(three, "two", "three")
    three.heal("three")
    assert answers(three, "two", "three")
    three.cut("one", "two", one_way=True)
    assert not answers(three, "two", "one")  # the answer is lost
    three.heal()
    assert answers(three, "two", "one")


def test_a_hosts_disk_outlives_its_power_and_what_was_in_memory_does_not(
    hosts: Callable[..., Hosts],
) -> None:
    one = hosts("one")
    unit = "[Service]\nExecStart=/bin/sleep 9999\n[Install]\nWantedBy=multi-user.target\n"
    one.write("one", "/etc/systemd/system/sleeper.service", unit)
    one.must("one", "systemctl enable -q --now sleeper; touch /var/lib/kept /run/gone")
    for kill in (True, False):
        booted = one.say("one", "cat /proc/sys/kernel/random/boot_id")
        one.stop("one", kill=kill)
        assert not one.host("one").up
        assert (one.root("one") / "var/lib/kept").exists()
        one.start("one")
        assert one.say("one", "systemctl is-active sleeper; ls /run/gone 2>&1").startswith(
            "active\nls: cannot access"
        )
        assert one.say("one", "cat /proc/sys/kernel/random/boot_id") != booted


def test_hosts_go_with_the_process_that_wanted_them(hosts: Callable[..., Hosts]) -> None:
    """A test run that is killed leaves no process, no mount, no namespace."""
    one = hosts("one", owner=1 << 22)  # a process that isn't there
    init = one.host("one").init
    assert init is not None
    folder = one.root("one").parent.parent
    end = time.monotonic() + 30
    while (init.alive or folder.exists()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not init.alive
    assert not folder.exists()
    assert folder.name not in Path("/proc/self/mountinfo").read_text()
    assert not Path(f"/run/netns/{folder.name}").exists()


def test_a_small_disk_can_be_filled_and_stays_when_the_power_is_off(
    hosts: Callable[..., Hosts],
) -> None:
    one = hosts("one", small={"one": 32})
    filled = one.say("one", "echo kept > /var/lib/a; fallocate -l 40M /var/lib/filler")
    assert filled.endswith("No space left on device")
    one.reboot("one", kill=True)
    assert one.say("one", "cat /var/lib/a") == "kept"
