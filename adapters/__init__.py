"""Platforms: one package per chat platform, each with its twin; they do not know each other."""
