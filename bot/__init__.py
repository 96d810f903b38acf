"""The process: composition root, settings, server, worker, commands."""
