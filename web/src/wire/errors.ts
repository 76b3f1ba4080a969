/**
 * What can be wrong with bytes that come from another machine; names as in intake/wire/errors.py.
 *
 *     WireError
 *     ├── EncodingInvalid   base64, hex, JSON or a day is not in its one accepted spelling
 *     ├── WrongSize         more than the largest size class holds
 *     ├── FrameInvalid
 *     ├── SectionInvalid
 *     ├── NoteInvalid
 *     ├── BadSignature
 *     ├── ManifestInvalid
 *     ├── QuorumMissing     a manifest that too few root keys signed
 *     ├── SerialTooLow      a manifest older than one this page has seen
 *     ├── CodeInvalid       a return code with a wrong digit
 *     └── EnvelopeInvalid   a request body of another shape
 *         └── DigestMismatch
 *
 * Messages are fixed words; none carries a byte of the input.
 */

/** Something that came from another machine is not as it must be. */
export class WireError extends Error {
  override readonly name: string = "WireError";
}

/** A value is not written in the one accepted way. */
export class EncodingInvalid extends WireError {
  override readonly name = "EncodingInvalid";
}

/** This object does not have one of the accepted sizes. */
export class WrongSize extends WireError {
  override readonly name = "WrongSize";
}

/** The content of this sealed object is not a valid frame. */
export class FrameInvalid extends WireError {
  override readonly name = "FrameInvalid";
}

/** The text of this report is not a valid section. */
export class SectionInvalid extends WireError {
  override readonly name = "SectionInvalid";
}

/** This is not a valid signed note. */
export class NoteInvalid extends WireError {
  override readonly name = "NoteInvalid";
}

/** A signature does not verify. */
export class BadSignature extends WireError {
  override readonly name = "BadSignature";
}

/** This is not a valid key manifest. */
export class ManifestInvalid extends WireError {
  override readonly name = "ManifestInvalid";
}

/** This key manifest is not signed by enough root keys. */
export class QuorumMissing extends WireError {
  override readonly name = "QuorumMissing";
}

/** This key manifest is older than one seen before. */
export class SerialTooLow extends WireError {
  override readonly name = "SerialTooLow";
}

/** This is not a return code: a digit is wrong or missing. */
export class CodeInvalid extends WireError {
  override readonly name = "CodeInvalid";
}

/** This request is not made up as it must be. */
export class EnvelopeInvalid extends WireError {
  override readonly name: string = "EnvelopeInvalid";
}

/** The content is not what its SHA-256 says: it was changed on the way. */
export class DigestMismatch extends EnvelopeInvalid {
  override readonly name = "DigestMismatch";
}

/** Runs `read`, turning any {@link WireError} it throws into one of `kind` with the same words. */
export function errorsAs<T>(kind: new (message: string) => WireError, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) throw new kind(error.message);
    throw error;
  }
}
