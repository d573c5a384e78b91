"""What stands around a filter: its words, its count, its people, and all that an editor needs to write one."""
