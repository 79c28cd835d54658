// Passwords as they lie on the disk: argon2id (RFC 9106) in PHC strings, computed on the thread pool, a few at a time.
// docs/why/200-git-over-https.md has the figures.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { createLimit } from './limit.ts'

interface Cost {
  /** KiB */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** OWASP's first choice (Password Storage Cheat Sheet): 50 ms. Anybody can knock, and Git over HTTPS logs in at every request. */
const cost: Cost = { memory: 19_456, passes: 2, parallelism: 1 }
const saltBytes = 16
const tagBytes = 32
/** Two threads of the pool's four: who guesses must not keep file operations waiting. */
const inTurn = createLimit(2)

/** @returns `$argon2id$v=19$m=…,t=…,p=…$salt$hash` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  return render(cost, salt, await compute(password, salt, cost))
}

/** @throws Error for what `hashPassword` has not made */
export async function matchesPassword(password: string, stored: string): Promise<boolean> {
  const { salt, tag, ...given } = parse(stored)
  return timingSafeEqual(await compute(password, salt, given), tag)
}

/** Made when the cost was another one: to be made anew at the next login. */
export function isOutdated(stored: string): boolean {
  const { memory, passes, parallelism } = parse(stored)
  return memory !== cost.memory || passes !== cost.passes || parallelism !== cost.parallelism
}

async function compute(message: string, nonce: Buffer, given: Cost): Promise<Buffer> {
  return await inTurn(
    () =>
      new Promise((resolve, reject) => {
        const { memory, passes, parallelism } = given
        argon2('argon2id', { message, nonce, parallelism, tagLength: tagBytes, memory, passes }, (error, tag) =>
          error === null ? resolve(tag) : reject(error),
        )
      }),
  )
}

function render({ memory, passes, parallelism }: Cost, salt: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

function parse(stored: string): Cost & { salt: Buffer; tag: Buffer } {
  const [, memory, passes, parallelism, salt = '', tag = ''] = phc.exec(stored) ?? []
  if (memory === undefined) throw new Error('This is no hash of a password')
  return {
    ...{ memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    ...{ salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') },
  }
}
