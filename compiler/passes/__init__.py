"""Checks of the bound fleet, one theme a file, in the order of PASSES."""
