"""Objects: files under unguessable ids, opened from outside by signed links."""
