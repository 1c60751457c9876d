"""Looking at a fleet that runs: its agents found and asked, and what they say made readable."""
