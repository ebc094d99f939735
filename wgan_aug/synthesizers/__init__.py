"""The scikit-learn face of the toolkit."""
