"""What the laptop does, one duty a file. Services call storage and keys; the command line calls services."""
