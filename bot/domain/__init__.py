"""What a reading group is: plain data and pure rules, with nothing but the standard library."""
