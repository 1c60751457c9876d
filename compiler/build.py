"""The whole compiler on one page: text to tree to model to graph to plan; `emit` turns a plan into files."""
