"""The append-only log under every durable channel, source position and cursor."""
