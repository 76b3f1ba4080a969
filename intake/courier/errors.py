"""What goes wrong for a courier. The command prints the sentence after `error:` and the hint after `hint:`.

```
CourierError
├── HomeUnusable      no key here, a damaged one, or a folder open to others
├── AddressRefused    not an address that a courier goes to
├── ProxyUnusable     an onion without a proxy, or a proxy that this installation cannot use
├── ServerRefused     the server knows no such courier, laptop or bundle
├── ServerBusy        the server has no room, or something in it does not answer
├── LineBroken        the line broke too often; what has come is kept
├── BundleDamaged     a file, or the whole, is not what it says it is
├── BundleForeign     a whole bundle, of other roots than those pinned here
└── FileUnusable      a file or folder given to the command cannot be used
```

WireError comes through as it is; it carries its own sentence. No message holds an address, a key or content.
"""


class CourierError(Exception):
    """The courier could not do this."""

    hint = "see intake/courier/README.md"

    def __str__(self) -> str:
        """The sentence of the class, then the detail in brackets if there is one."""
        sentence = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{sentence} ({detail})" if detail else sentence


class HomeUnusable(CourierError):
    """This is not a usable courier's folder."""

    hint = "courier init --home DIR --name NAME --roots FILE makes one; it must be open to nobody else"


class AddressRefused(CourierError):
    """A courier does not go to this address."""

    hint = "https://HOST, or http:// for an onion or loopback; no path and no slash at the end"


class ProxyUnusable(CourierError):
    """This address cannot be reached through this proxy."""

    hint = "an onion needs --proxy socks5://127.0.0.1:9050, and that needs the package socksio"


class ServerRefused(CourierError):
    """The server says that there is no such thing for this courier."""

    hint = "is the courier's key in the manifest (new: wait a minute), not revoked, and the laptop's name right?"


class ServerBusy(CourierError):
    """The server could not make or give the bundle."""

    hint = "try again later; if it stays so, whoever runs the server should look at its disk"


class LineBroken(CourierError):
    """The line to the server broke too often."""

    hint = "what has come is kept: the same command goes on where it stopped"


class BundleDamaged(CourierError):
    """This bundle is not whole."""

    hint = "fetch it again: courier pull; a laptop would still take from it what is good"


class BundleForeign(CourierError):
    """This bundle belongs to another deployment."""

    hint = "name the courier's folder of that deployment with --home; to fetch it again does not help"


class FileUnusable(CourierError):
    """A file or folder cannot be used."""

    hint = "look at its name, its size, and the room on the stick"
