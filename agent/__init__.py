"""The kernel: what Frontdesk decides, free of any platform, vendor, database or network."""
