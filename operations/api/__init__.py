"""Documents and actions of operations, workflows and runs; apps downstream add theirs in `extensions`."""
