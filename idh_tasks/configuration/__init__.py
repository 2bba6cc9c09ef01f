"""Every variable that the platform reads: its meaning, what it accepts, what is wrong with it, what is in force."""
