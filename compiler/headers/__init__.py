"""Headers as types: what is known of each header at each place of the fleet, and who reads it."""
