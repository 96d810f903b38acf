"""Tests of what is special to a store, and what the store contracts are told with."""
