"""Installs as a newcomer does, from nothing: ``make test-install``. Needs Python, git, a package index."""
