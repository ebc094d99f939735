"""What each column is: inference, overrides, JSON, SDV metadata in and out."""
