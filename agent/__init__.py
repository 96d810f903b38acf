"""The kernel: what Frontdesk decides, free of any platform, vendor, database or network.

Two folders in it are rims like the adapters, and nothing else here knows them: `providers` and
`tools`.
"""
