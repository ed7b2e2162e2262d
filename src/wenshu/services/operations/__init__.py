"""Operations: what runs in the background, for whoever looks after the server."""
