"""The search for options under which synthetic rows are worth most to a model."""
