"""The typology rules, one file each; every file registers its class."""
