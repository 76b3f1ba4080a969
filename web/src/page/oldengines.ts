/** What `@noble/*` calls and engines before Chrome 93, Firefox 92 and Safari 15.4 lack. Imported before any of it runs. */

const object = Object as ObjectConstructor & { hasOwn?: (owner: object, key: PropertyKey) => boolean };

// biome-ignore lint/suspicious/noPrototypeBuiltins: this is what makes the better one where there is none.
object.hasOwn ??= (owner, key) => Object.prototype.hasOwnProperty.call(owner, key);

export {};
