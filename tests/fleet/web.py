"""A web host's nginx, with Debian's own unit, and its logrotate, which keeps what it rotates."""

from fleet.hosts.hosts import Hosts

LOGS = "/var/log/nginx"

_NGINX = """
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {}
http {
    access_log /var/log/nginx/access.log combined;
    keepalive_requests 1000000000;
    server {
        listen 80;
        location / { return 200 "ok\\n"; }
    }
}
"""

_LOGROTATE = """
/var/log/nginx/access.log {
    rotate 1000
    missingok
    notifempty
    nocompress
    create 0640 www-data adm
    postrotate
        [ ! -f /run/nginx.pid ] || kill -USR1 "$(cat /run/nginx.pid)"
    endscript
}
"""
"""Debian's, by rename and reopening, which is declared exact; but packs nothing and keeps all, so
that at the end every line that nginx wrote can be counted."""


def set_up(hosts: Hosts, name: str) -> None:
    """Install nginx as its package leaves it, and start it."""
    hosts.write(name, "/etc/nginx/nginx.conf", _NGINX)
    hosts.write(name, "/etc/logrotate.d/nginx", _LOGROTATE)
    hosts.must(
        name,
        f"install -d -o root -g adm -m 755 {LOGS} && install -d /var/lib/nginx /var/lib/logrotate"
        f" && install -o www-data -g adm -m 640 /dev/null {LOGS}/access.log"
        " && systemctl enable -q --now nginx",
    )


def rotate(hosts: Hosts, name: str) -> None:
    """Rotate the access log now."""
    hosts.must(name, "logrotate --force /etc/logrotate.d/nginx")


def written(hosts: Hosts, name: str) -> list[bytes]:
    """Return every line that nginx wrote there, the newest log first."""
    logs = hosts.root(name) / LOGS.lstrip("/")
    return [line for log in logs.glob("access.log*") for line in log.read_bytes().splitlines()]
