"""Objectives and penalties: tensors in, tensors out. No modules, no pandas, no random draws of their own."""
