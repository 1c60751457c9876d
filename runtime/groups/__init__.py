"""Several sinks at one channel: who of them gets its rows, and what becomes of one that fails."""
