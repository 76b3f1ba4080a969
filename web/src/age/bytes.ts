/**
 * Byte helpers of the age writer and reader: joining, wiping, comparing, canonical base64.
 *
 * Only what engines from Chrome 86, Firefox 78 and Safari 14 on have: no WebCrypto, no WebAssembly, no streams. `@noble/*`
 * calls `Object.hasOwn` on top, which `page/oldengines.ts` adds.
 */

/** Bytes over memory of their own; what every function of this room returns. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Turns a text of characters below U+0100 into one byte per character. */
export function ascii(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Joins parts into one new array; the parts are not kept. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Overwrites secrets with zeros. Best effort: the engine may hold copies this cannot reach. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

/** Compares two arrays without an early exit, so a wrong MAC does not show where it went wrong. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let different = 0;
  for (let i = 0; i < left.length; i++) different |= (left[i] ?? 0) ^ (right[i] ?? 0);
  return different === 0;
}

/** Encodes as base64 without padding (RFC 4648 section 4, the only form age.md allows). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/=+$/, "");
}

/**
 * Decodes canonical base64 without padding.
 *
 * Returns null for anything else: padding, white space, other alphabets, trailing bits that are not zero.
 */
export function decodeBase64(text: string): Bytes | null {
  let decoded: Bytes;
  try {
    decoded = ascii(atob(text));
  } catch {
    return null;
  }
  // atob forgives white space, padding and stray bits; a second spelling of one value must not pass.
  return encodeBase64(decoded) === text ? decoded : null;
}
