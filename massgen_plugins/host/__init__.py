"""The integration with MassGen, and the only package that knows its internals."""
