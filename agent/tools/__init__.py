"""Tools: here their modules belong. None is shipped yet, and none is found by its name: those there
are (`agent.ports.Tool`) are handed to `bot.app.build`.
"""
