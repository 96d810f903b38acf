"""What every local platform needs, whichever it plays: a way to the bot, faults, controls.

A local platform ("twin") lives beside its adapter, in `adapters/NAME/twin*.py`, and is built of
these pieces: `twin` is its base, `courier` brings events to the bot, `faults` lets calls of the bot
go wrong, `world` tells who watches it, `control` and `process` drive it from outside. So a third
one says only what its platform does differently. Nothing here knows a platform, and nothing that
runs in production imports it.
"""
