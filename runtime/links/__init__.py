"""The wire between two agents."""
