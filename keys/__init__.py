"""Private keys and all that is done with them. The code only: no key material lies in this folder."""
