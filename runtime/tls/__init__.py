"""Certificates at work: what an end proves itself with, whom it trusts, and for how long."""
