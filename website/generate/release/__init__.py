"""What a new version of MassGen changes for readers: taken down, compared, and said in plain words."""
