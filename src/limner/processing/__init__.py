"""Processing: frames through mattes and effects, from files to files; the pipeline itself knows no files."""
