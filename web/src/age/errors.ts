/**
 * What sealing and opening can refuse.
 *
 *     AgeError
 *     ├── HeaderError           opening: the header is not what C2SP age.md allows
 *     ├── NoMatchError          opening: not for this key, try the next (the only one worth a retry)
 *     ├── MacError              opening: the header was changed after sealing
 *     ├── PayloadError          opening: the contents are damaged, cut short or followed by something
 *     ├── RecipientError        both: a public or private key handed in is not usable
 *     └── SealerError           sealing: chunks were asked for out of turn, or after the keys were dropped
 *         └── ChunkChangedError sealing: the source changed; start again under a new file key
 *
 * Messages are fixed words; none carries a byte of what was opened or sealed.
 */

/** Sealing or opening failed. */
export class AgeError extends Error {
  override readonly name: string = "AgeError";
}

/** This is not a sealed file this page can read. */
export class HeaderError extends AgeError {
  override readonly name = "HeaderError";
}

/** This sealed file is not addressed to this key. */
export class NoMatchError extends AgeError {
  override readonly name = "NoMatchError";
}

/** This sealed file was changed on the way. */
export class MacError extends AgeError {
  override readonly name = "MacError";
}

/** This sealed file is damaged or incomplete. */
export class PayloadError extends AgeError {
  override readonly name = "PayloadError";
}

/** A key cannot be used: it is damaged, of a wrong size or was dropped. */
export class RecipientError extends AgeError {
  override readonly name = "RecipientError";
}

/** Sealing was interrupted and must start again. */
export class SealerError extends AgeError {
  override readonly name: string = "SealerError";
}

/** The file changed while it was being sealed; it must be sealed again from the start. */
export class ChunkChangedError extends SealerError {
  override readonly name = "ChunkChangedError";
}
