"""Doubles that ship: a disk whose power can be cut, a clock that can be set."""
