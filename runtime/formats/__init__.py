"""What files are made of, one format in a file."""
