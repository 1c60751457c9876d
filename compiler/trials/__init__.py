"""`flumec test`: the `test` blocks of a fleet, each run in a world of its own."""
