"""What Frontdesk promises, as tests."""
