"""What a build would change on the hosts of an earlier one: `flumec plan`, and in which order.

Two fleets are compared as plain data, as manifests have them; no script is rendered for it.
"""
