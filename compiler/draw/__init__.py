"""Pictures of a fleet: SVG, Mermaid, DOT, JSON."""
