"""The libraries that hosts need: which, locked to which versions, and packed as a runtime."""
