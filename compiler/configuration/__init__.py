"""What a user says about rules: which speak, how loud, in which files."""
