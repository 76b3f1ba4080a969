"""The server: ciphertext in, ciphertext out. Nothing here can decrypt."""
