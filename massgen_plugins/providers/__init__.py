"""What providers' traffic means; each provider is a plugin."""
