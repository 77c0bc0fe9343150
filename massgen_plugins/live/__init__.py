"""Running processes and their waiting calls: one small file per process, read by commands."""
