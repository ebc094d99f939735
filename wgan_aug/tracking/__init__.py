"""Callbacks that keep a training's figures: in files, in TensorBoard, MLflow and Weights & Biases; and its samples."""
