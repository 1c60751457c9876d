"""What a generated agent imports; nothing heavy is loaded until the agent runs."""
