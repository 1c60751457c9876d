"""Running a fleet on one machine: `flumec run`, and the same from Python."""

from flumec.compiler.run.addresses import loopback_addresses
from flumec.compiler.run.errors import RunError
from flumec.compiler.run.fleet import Fleet, member_name
from flumec.compiler.run.member import Happening, Seen

__all__ = ["Fleet", "Happening", "RunError", "Seen", "loopback_addresses", "member_name"]
