"""A small certificate authority for fleets that have none: keys, certificates, and their folder."""
