"""The channels, one package each; every package registers its Channel."""
