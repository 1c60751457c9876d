"""The whole fleet on this machine: `flumec run` plays the part of systemd."""
