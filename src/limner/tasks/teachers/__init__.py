"""Teachers: nets that label photos for other nets."""
