"""Tests of the providers, through the real SDKs on the wire wherever there is a wire."""
