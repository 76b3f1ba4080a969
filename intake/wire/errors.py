"""What can be wrong with bytes that come from another machine.

```
WireError
├── EncodingInvalid      base64, hex, JSON or a day is not in its one accepted spelling
├── NotSealed            no sealed object: another first line, broken grammar, cut off
├── WrongRecipients      sealed, but with a stanza of another type, other arguments or another size
├── StanzaCount          no stanza, more than three, or another number than the epoch has
├── WrongSize            a size outside the classes
├── FrameInvalid
├── SectionInvalid
├── NoteInvalid
├── BadSignature
├── ManifestInvalid
├── QuorumMissing        a manifest that too few root keys signed
├── CodeInvalid          a return code with a wrong digit
├── BundleInvalid
├── OutboxInvalid
├── CourierInvalid       a courier's request, or what a server offers it
├── PageInvalid
├── PuzzleInvalid        a solution of another shape, or one that does not solve its puzzle
└── EnvelopeInvalid      a request body of another shape
    └── DigestMismatch   the body is not what its SHA-256 says
```

The docstring of each class is the sentence a person sees. The argument is a detail in plain words: it never
holds bytes of the input, a key, a file name or an address, so every message may be logged.
"""


class WireError(Exception):
    """Something that came from another machine is not as it must be."""

    def __str__(self) -> str:
        """The sentence of the class, then the detail in brackets if there is one."""
        sentence = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{sentence} ({detail})" if detail else sentence


class EncodingInvalid(WireError):
    """A value is not written in the one accepted way."""


class NotSealed(WireError):
    """This is not a sealed object."""


class WrongRecipients(WireError):
    """This object is sealed to a kind of recipient that is not accepted here."""


class StanzaCount(WireError):
    """This object is not sealed to the right number of recipients."""


class WrongSize(WireError):
    """This object does not have one of the accepted sizes."""


class FrameInvalid(WireError):
    """The content of this sealed object is not a valid frame."""


class SectionInvalid(WireError):
    """The text of this report is not a valid section."""


class NoteInvalid(WireError):
    """This is not a valid signed note."""


class BadSignature(WireError):
    """A signature does not verify."""


class ManifestInvalid(WireError):
    """This is not a valid key manifest."""


class QuorumMissing(WireError):
    """This key manifest is not signed by enough root keys."""


class CodeInvalid(WireError):
    """This is not a return code: a digit is wrong or missing."""


class BundleInvalid(WireError):
    """This is not a valid bundle."""


class OutboxInvalid(WireError):
    """This is not a valid outbox."""


class CourierInvalid(WireError):
    """This is not what a courier and a server say to each other."""


class PageInvalid(WireError):
    """This page cannot be stamped or read."""


class PuzzleInvalid(WireError):
    """This does not solve the puzzle."""


class EnvelopeInvalid(WireError):
    """This request is not made up as it must be."""


class DigestMismatch(EnvelopeInvalid):
    """The content is not what its SHA-256 says: it was changed on the way."""
