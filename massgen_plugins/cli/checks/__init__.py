"""What ``massgen-rl doctor`` looks at: one file for each subject, each a function that returns findings."""
