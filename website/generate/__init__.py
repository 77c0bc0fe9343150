"""Writes the handbook's reference pages from the installed MassGen and from this package, never by hand.

    python -m website.generate write      # write every generated page
    python -m website.generate check      # exit code 1 if a page differs from what would be written
    python -m website.generate update     # against another version of MassGen, and say what changed

What stands on a page comes from ``reading`` (values out of the installed packages), from ``notes`` (a
sentence of ours about a flag, a key or a variable, which fails the check when its subject vanishes) and from
``pages`` (how it is laid out). Nothing that is written depends on the day, the machine or a set's order.
"""
