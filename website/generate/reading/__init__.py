"""What the pages show, read out of the installed packages and of this repository."""
