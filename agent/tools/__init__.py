"""Tools: one module per tool, found by its name."""
