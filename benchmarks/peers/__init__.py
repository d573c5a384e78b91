"""What the benchmarks of sending measure with and against: the sink, `smtp-source`, django-post_office."""
