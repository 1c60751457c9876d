"""A whole fleet in one process: the runtime's own code under a clock, disks and wires of ours."""

from flumec.compiler.world.machine import Machine
from flumec.compiler.world.world import Unable, World

__all__ = ["Machine", "Unable", "World"]
