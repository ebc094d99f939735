"""The command `wgan-aug`: parse, call, print."""
