"""One step, the loop, its state, and the device it runs on. Tensors only: no pandas, no scikit-learn."""
