"""The playground's parts; as a whole it is tested in `tests/stories` and `tests/clients`."""
