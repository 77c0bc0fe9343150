"""The figures on the handbook's pages: written from the results, so that no page can say anything else."""
