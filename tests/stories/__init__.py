"""End to end: user stories through `build()` and the twins, with the real SDKs on the wire."""
