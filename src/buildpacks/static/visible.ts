// What of a document root may be served at all. Whoever writes a new kind of configuration file: add it here.

export type Visibility = 'served' | 'hidden' | 'program'

const ownFiles = new Set(['hosting.toml', '_redirects', '_headers'])
/** Means something to tools when it stands at the root of the repository; below it may be anything. */
const repositoryFiles = new Set(['app.json', 'Procfile', 'node_modules'])
/** The source of a program that nothing would run here: served as text it gives away passwords. Copies by editors too. */
const program = /\.(php\d?|phtml|phar)([.~].*)?$/i

/** @param path relative to the document root (byte string); of a folder: whether it is gone into */
export function visibility(path: string, rootIsRepository: boolean): Visibility {
  const [top = '', ...below] = path.split('/')
  if (below.some((part) => part.startsWith('.'))) return 'hidden'
  if (top.startsWith('.') && top !== '.well-known') return 'hidden'
  if (ownFiles.has(path) || (rootIsRepository && repositoryFiles.has(top))) return 'hidden'
  return program.test(path) ? 'program' : 'served'
}
