"""How long models take here: stage by stage, in turns, operator by operator; and what really runs on this machine."""
