"""Pages followed to the letter, from an empty home: ``make docs-follow``."""
