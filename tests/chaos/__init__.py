"""Nothing accepted is lost or answered twice: every crash there is, and some that really kill."""
