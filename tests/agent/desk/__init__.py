"""The desk's rooms of the kernel, module by module."""
