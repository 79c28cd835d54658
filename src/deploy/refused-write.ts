// An application that writes where nothing can be written says so in its log, in words that only a programmer understands.

/** What the C library makes of EROFS, and PHP, Python and the shell repeat. */
export function isRefusedWrite(line: string): boolean {
  return line.includes('Read-only file system')
}

export const refusedWriteHint =
  'The application tried to write outside of its storage. List the folder in `storage` of hosting.toml, and push again (docs/storage.md).'
