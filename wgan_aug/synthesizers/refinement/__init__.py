"""After training: keep those generated rows that the training rows make likely."""
