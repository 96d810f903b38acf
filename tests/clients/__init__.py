"""Programs nobody here wrote, used as people use them: a real browser on the playground's page."""
