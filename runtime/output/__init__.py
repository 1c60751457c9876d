"""Writing files that become final all at once: path templates, staging, formats."""
