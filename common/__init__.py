"""Small, model-free helpers that every app may use: registry, states, SQL, tokens, admin and API helpers."""
