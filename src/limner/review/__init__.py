"""Review: a page on this machine to go through photos and their masks: accept, reject, repair."""
