"""The documentation site: what ``mkdocs.yml`` calls, and the check of what it has built."""
