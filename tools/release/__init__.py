"""``make release-check``: everything that the packages of a release must pass before they are published."""
