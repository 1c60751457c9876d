"""The compiler: text to tree to model to graph to plan to bundle."""
