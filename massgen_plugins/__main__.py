"""``python -m massgen_plugins``: the command ``massgen-rl``, where its script is not on the path."""

from massgen_plugins.cli import main

if __name__ == "__main__":
    main()
