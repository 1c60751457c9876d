"""How a running agent is asked and steered: HTTP with JSON over a Unix socket in its state.

The same routes that only show something are on the agent's local port as well, see `monitor`.
A theme of routes is one file with a function `add(routes, inside)`, listed in `themes.ALL`.
"""
