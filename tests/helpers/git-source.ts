// A repository to test with: commits made by `git fast-import`, and objects that no client of good will would make.
import { join } from 'node:path'
import { scratchDirectory } from './paths.ts'
import { type Ran, run, runOk } from './session.ts'

export interface SourceFile {
  readonly path: string | Buffer
  /** 100644 if left out. */
  readonly mode?: string
  readonly content: string | Buffer
}

const env = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@example.org',
}

export class GitSource {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async create(): Promise<GitSource> {
    const path = join(await scratchDirectory('git'), 'source.git')
    await runOk('git', ['init', '-q', '--bare', '-b', 'main', path], { env })
    return new GitSource(path)
  }

  /** Runs git here; throws unless it ends with 0. */
  async git(args: readonly string[], input: string | Buffer = ''): Promise<string> {
    return (await runOk('git', args, { cwd: this.path, env, input })).stdout.trim()
  }

  /** Runs git here, whatever becomes of it. */
  async tryGit(args: readonly string[]): Promise<Ran> {
    return await run('git', args, { cwd: this.path, env })
  }

  /** A commit that holds exactly these files, on `main` (or another branch) after the one before. */
  async commit(files: readonly SourceFile[], { branch = 'main', orphan = false } = {}): Promise<string> {
    const tip = `refs/heads/${branch}`
    const from = orphan ? undefined : await this.find(tip)
    const who = 'T <t@example.org> 1700000000 +0000'
    const head = `reset ${tip}\ncommit ${tip}\ncommitter ${who}\ndata 6\nChange${from ? `\nfrom ${from}` : ''}\ndeleteall\n`
    const input = Buffer.concat([Buffer.from(head), ...files.map(fileCommand)])
    await this.git(['fast-import', '--quiet', '--force'], input)
    return await this.git(['rev-parse', tip])
  }

  /** Any object, also one that breaks the rules. */
  async object(type: 'tree' | 'blob' | 'commit', content: Buffer | string): Promise<string> {
    return await this.git(['hash-object', '-w', '--literally', '--stdin', '-t', type], content)
  }

  async tree(entries: readonly { mode: string; name: string | Buffer; object: string }[]): Promise<string> {
    const parts = entries.flatMap(({ mode, name, object }) => [
      Buffer.from(`${mode} `),
      Buffer.from(name),
      Buffer.from([0]),
      Buffer.from(object, 'hex'),
    ])
    return await this.object('tree', Buffer.concat(parts))
  }

  /** `levels` trees, each of ten entries that are the one below: 10 to the power of `levels` entries in all. */
  async bomb(levels: number, { mode, object }: { mode: string; object: string }): Promise<string> {
    let below = { mode, object }
    for (let level = 0; level < levels; level++) {
      const entries = Array.from({ length: 10 }, (_, index) => ({ ...below, name: `n${index}` }))
      below = { mode: '40000', object: await this.tree(entries) }
    }
    return below.object
  }

  async commitOf(tree: string, branch = 'main'): Promise<string> {
    const who = 'T <t@example.org> 1700000000 +0000'
    const commit = await this.object('commit', `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nOdd\n`)
    await this.git(['update-ref', `refs/heads/${branch}`, commit])
    return commit
  }

  async find(ref: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.tryGit(['rev-parse', '--verify', '--quiet', ref])
    return exitCode === 0 ? stdout.trim() : undefined
  }
}

function fileCommand({ path, mode = '100644', content }: SourceFile): Buffer {
  const bytes = Buffer.from(content)
  const quoted = Buffer.from(
    `"${[...Buffer.from(path)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`,
  )
  return Buffer.concat([
    Buffer.from(`M ${mode} inline `),
    quoted,
    Buffer.from(`\ndata ${bytes.length}\n`),
    bytes,
    Buffer.from('\n'),
  ])
}
