// A CA that is none of ours, with an intermediate, and certificates from it: what owners bring. Made by openssl, as they are.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '../../src/lib/exec.ts'
import { scratchDirectory } from './paths.ts'

export interface Leaf {
  readonly certificate: string
  readonly key: string
}

export interface LeafOptions {
  readonly names: readonly string[]
  readonly days?: number
  /** Lines of an extension file, instead of the usual one. */
  readonly extensions?: string
  /** Of `openssl genpkey`. */
  readonly algorithm?: readonly string[]
  readonly digest?: string
}

const elliptic = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']

export class ForeignCa {
  readonly #directory: string
  readonly root: string
  readonly intermediate: string
  #made = 0

  private constructor(directory: string, chain: { root: string; intermediate: string }) {
    this.#directory = directory
    this.root = chain.root
    this.intermediate = chain.intermediate
  }

  static async create(): Promise<ForeignCa> {
    const directory = await scratchDirectory('foreign-ca')
    const authority = 'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n'
    await writeFile(join(directory, 'authority.ext'), authority)
    await openssl(directory, ['genpkey', ...elliptic, '-out', 'root.key'])
    const named = ['-subj', '/CN=Foreign Root', '-addext', 'basicConstraints=critical,CA:TRUE']
    await openssl(directory, ['req', '-x509', '-key', 'root.key', '-days', '3650', ...named, '-out', 'root.pem'])
    await openssl(directory, ['genpkey', ...elliptic, '-out', 'intermediate.key'])
    await request(directory, { key: 'intermediate.key', subject: 'Foreign Intermediate', out: 'intermediate.csr' })
    const signed = ['-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-extfile', 'authority.ext']
    await openssl(directory, [
      ...['x509', '-req', '-in', 'intermediate.csr', '-days', '1800', ...signed, '-out', 'intermediate.pem'],
    ])
    const [root, intermediate] = await Promise.all(
      ['root.pem', 'intermediate.pem'].map((name) => readFile(join(directory, name), 'utf8')),
    )
    return new ForeignCa(directory, { root: root ?? '', intermediate: intermediate ?? '' })
  }

  async leaf({
    names,
    days = 90,
    extensions = '',
    algorithm = elliptic,
    digest = 'sha256',
  }: LeafOptions): Promise<Leaf> {
    const name = `leaf-${this.#made++}`
    const file = (suffix: string) => `${name}.${suffix}`
    const alternatives = names.map((each) => `DNS:${each}`).join(',')
    await writeFile(join(this.#directory, file('ext')), `subjectAltName=${alternatives}\n${extensions}\n`)
    await openssl(this.#directory, ['genpkey', ...algorithm, '-out', file('key')])
    await request(this.#directory, { key: file('key'), subject: names[0] ?? '', out: file('csr') })
    const signed = ['-CA', 'intermediate.pem', '-CAkey', 'intermediate.key', '-CAcreateserial', `-${digest}`]
    await openssl(this.#directory, [
      ...['x509', '-req', '-in', file('csr'), '-days', String(days), ...signed],
      ...['-extfile', file('ext'), '-out', file('pem')],
    ])
    return {
      certificate: await readFile(join(this.#directory, file('pem')), 'utf8'),
      key: await readFile(join(this.#directory, file('key')), 'utf8'),
    }
  }

  /** Runs openssl on files of these contents; what it wrote to `out`. */
  async convert(files: Readonly<Record<string, string>>, args: readonly string[], out: string): Promise<Buffer> {
    for (const [name, content] of Object.entries(files)) await writeFile(join(this.#directory, name), content)
    await openssl(this.#directory, args)
    return await readFile(join(this.#directory, out))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  await execOk('openssl', args, { cwd })
}

async function request(
  cwd: string,
  { key, subject, out }: { key: string; subject: string; out: string },
): Promise<void> {
  await openssl(cwd, ['req', '-new', '-key', key, '-subj', `/CN=${subject}`, '-out', out])
}
