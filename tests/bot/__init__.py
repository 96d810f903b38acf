"""The process, module by module."""
