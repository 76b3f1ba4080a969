/** A file could not be read to its end: it was moved, changed, or lies on a drive that went away. Choose it again. */
export class FileUnreadable extends Error {
  override readonly name = "FileUnreadable";
}
