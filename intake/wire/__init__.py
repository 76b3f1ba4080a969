"""What crosses machines: formats, their parsers and writers, signature checks. No I/O, no private keys."""
