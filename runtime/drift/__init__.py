"""Whether a host is as its bundle made it: files, units, links, and what systemd runs.

It reads what the installer wrote and nothing else; of a secret only that it is there and whose.
"""
