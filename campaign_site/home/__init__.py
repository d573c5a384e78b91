"""The first page: what happens today, what is under way, what needs somebody, and the last 30 days."""
