"""The operator's tool for what lies in an agent's journal: `flumec channel`.

It needs no more than `flumec.runtime`, so a host has it as `python3 -m flumec.runtime.channel`.
"""
