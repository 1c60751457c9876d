"""The HTTP source behind its declaration: the server and the reading of its JSON."""
