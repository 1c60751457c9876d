"""The syntax of the .flow language, in `flow.lark`."""
