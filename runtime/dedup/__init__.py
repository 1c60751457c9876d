"""What was seen: the keys of the events that a sink has written within its window."""
