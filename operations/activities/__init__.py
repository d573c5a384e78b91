"""The activity types of targeting and flow control, one file each; every file registers its class."""
