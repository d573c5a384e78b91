"""The demo's mail sink: a server that takes every mail, and the pages that show them."""
