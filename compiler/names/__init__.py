"""What every name of every file means: found once, before anything is elaborated."""
