"""How far the clocks of two hosts may be apart, for what is late to be told from what is not."""

MARGIN = 300
"""In seconds."""
