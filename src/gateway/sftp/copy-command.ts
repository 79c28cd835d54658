// Which command lines are those of copy programs: what `sftp -s`, `scp -O` and rsync ask a server to run. Pure.
import { HostingError } from '../../errors/hosting-error.ts'

export interface CopyCommand {
  /** As it is shown in the message of a commit. */
  readonly name: 'SFTP' | 'scp' | 'rsync'
  readonly args: readonly string[]
}

/** Whether it takes what a client sends. */
export function takesFiles({ name, args }: CopyCommand): boolean {
  if (name === 'scp') return !args.slice(0, args.indexOf('--')).some((flags) => flags.includes('f'))
  return !args.includes('--sender')
}

export const sftp: CopyCommand = { name: 'SFTP', args: [] }

/**
 * Returns undefined for what is not one of them.
 * @throws HostingError usage when it is one, asked for what only a shell could do
 */
export function findCopyCommand([first = '', ...args]: readonly string[]): CopyCommand | undefined {
  switch (first.replace(/^.*\//, '')) {
    case 'sftp-server':
      return sftp
    case 'scp':
      return { name: 'scp', args: scpArguments(args) }
    case 'rsync':
      return { name: 'rsync', args: rsyncArguments(args) }
    default:
      return undefined
  }
}

interface Names {
  readonly sites: readonly { readonly name: string }[]
  readonly baseDomain: string
}

/** Where a path begins with the short name of a site, as commands take it, its folder is meant. */
export function withFullNames(args: readonly string[], { sites, baseDomain }: Names): string[] {
  const names = new Set(sites.map(({ name }) => name))
  return args.map((word) => {
    const [path, slash = '', first = '', rest = ''] = /^(\/?)([^-/.][^/.]*)((?:\/.*)?)$/s.exec(word) ?? []
    const full = `${first}.${baseDomain}`
    return path !== undefined && !names.has(first) && names.has(full) ? `${slash}${full}${rest}` : word
  })
}

/** scp.c: `-f` sends what is at a path, `-t` takes it; the rest says how. */
function scpArguments(args: readonly string[]): string[] {
  const flags = args.filter((word) => word.startsWith('-') && word !== '--')
  const paths = args.filter((word) => !word.startsWith('-'))
  const known = flags.every((flag) => /^-[ftrpdvq]+$/.test(flag))
  const directions = flags.join('').match(/[ft]/g)?.length
  if (!known || directions !== 1 || paths.length === 0)
    throw new HostingError('usage', 'scp works from another machine only, to here or from here', {
      hint: 'scp -P PORT FILE HOST:SITE/',
    })
  return [...flags, '--', ...paths.map(fromHome)]
}

function rsyncArguments(args: readonly string[]): string[] {
  if (args[0] !== '--server' || args.some((word) => /^--(daemon|config|rsh|rsync-path|log-file)\b/.test(word)))
    throw new HostingError('usage', 'rsync works from another machine only, to here or from here', {
      hint: "rsync -r -e 'ssh -p PORT' FOLDER/ HOST:SITE/",
    })
  return args.map((word) => (word.startsWith('-') ? word : fromHome(word)))
}

/** There is one folder that everybody begins in. */
function fromHome(path: string): string {
  return path.replace(/^~(\/|$)/, '/')
}
