"""What crosses machines: formats, constants, parsers and writers, signature verification. No I/O, no private keys."""
