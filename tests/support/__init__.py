"""What the tests are built from: the clock that stands still, and small real fakes."""
