"""What an exported file is checked for: its numbers, its masks, and whether devices run it."""
