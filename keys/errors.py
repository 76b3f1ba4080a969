"""What goes wrong in this room.

```
KeysError
├── NoMatch              not for us: try the next identity; the only error a caller may pass over
├── SealedObjectError    fatal: the bytes are not an intact sealed object
│   ├── HeaderError          the header breaks the grammar, a size, or the list of accepted stanzas
│   ├── HmacError            the header was changed after sealing
│   └── PayloadError         a chunk is altered, missing, out of order, or something follows the last
├── TooLarge             fatal: more plaintext than the caller said it can take
├── KeyTextError         a written key is mistyped, cut off, or of another kind
├── KeyFileError
│   ├── KeyFileLoose         others may read or replace it; nothing was read
│   ├── KeyFileExists        saving would replace keys that may be the only ones
│   ├── KeyFileDamaged       not a key file, or one of another version
│   └── WrongPassphrase      or one bit of the file was changed: the two cannot be told apart
├── PassphraseTooShort
├── RingInvalid          the key file opened, but what it holds is not a key ring
├── WrongPurpose         a key was asked to sign what is not its own purpose
└── ReplyInvalid         an answer that cannot be sealed: empty or too long
```

The docstring of each class is the sentence a person sees. The argument is a detail in plain words: it never
holds plaintext, key bytes, a file name or an address.
"""


class KeysError(Exception):
    """Something went wrong with a key or a sealed object."""

    def __str__(self) -> str:
        """Return the sentence of the class, then the detail if there is one."""
        sentence = (type(self).__doc__ or "").strip().splitlines()[0]
        detail = super().__str__()
        return f"{sentence} ({detail})" if detail else sentence


class NoMatch(KeysError):
    """None of the keys given opens this sealed object."""


class SealedObjectError(KeysError):
    """This is not an intact sealed object."""


class HeaderError(SealedObjectError):
    """The header of this sealed object is damaged or of a kind that is not accepted."""


class HmacError(SealedObjectError):
    """The header of this sealed object was changed after it was sealed."""


class PayloadError(SealedObjectError):
    """The content of this sealed object is damaged or cut off."""


class TooLarge(KeysError):
    """The content of this sealed object is larger than allowed here."""


class KeyTextError(KeysError):
    """This is not a correctly written key."""


class KeyFileError(KeysError):
    """The key file cannot be used."""


class KeyFileLoose(KeyFileError):
    """The key file or its folder is open to others on this machine."""


class KeyFileExists(KeyFileError):
    """There is a key file here already; it is never replaced."""


class KeyFileDamaged(KeyFileError):
    """This is not a key file, or it is damaged."""


class WrongPassphrase(KeyFileError):
    """The passphrase is wrong, or the key file was changed."""


class PassphraseTooShort(KeysError):
    """The passphrase is too short."""


class RingInvalid(KeysError):
    """The key file does not hold a key ring of this version."""


class WrongPurpose(KeysError):
    """This key does not sign this kind of thing."""


class ReplyInvalid(KeysError):
    """This answer cannot be sealed."""
