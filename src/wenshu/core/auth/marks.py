"""How our credentials begin, so that each is told from the other, and logs and secret scanners know one on sight."""

KEY_MARK = "wsk_"
"""An API key."""

CLIENT_MARK = "wst_"
"""A token that a key's two halves were exchanged for."""

REFRESH_MARK = "wsr_"
"""A refresh token."""

LOCAL_MARK = "wsl_"
"""The credential that a server leaves in its data folder for the command line."""
