"""Teams' side of the playground."""
