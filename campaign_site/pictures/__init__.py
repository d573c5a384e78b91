"""The pictures of the documentation: `scene.py` (what there is to see), `pages.py` (which), `camera.py` (takes)."""
