// Looks at a dump while it passes by: what cannot be SQL is refused at its first bytes, and one that breaks off is noticed.
import { Transform } from 'node:stream'
import { HostingError } from '../../errors/hosting-error.ts'

const headBytes = 2048
const tailBytes = 512

const notSql = [
  {
    magic: [0x1f, 0x8b],
    what: 'compressed by gzip',
    hint: 'Unpack it on the way: gunzip -c dump.sql.gz | ssh … db:restore SITE',
  },
  {
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    what: 'compressed by zstd',
    hint: 'Unpack it on the way: zstd -dc dump.sql.zst | ssh … db:restore SITE',
  },
  {
    magic: [0x50, 0x4b, 0x03, 0x04],
    what: 'a ZIP archive',
    hint: 'Unpack it on the way: unzip -p dump.zip | ssh … db:restore SITE',
  },
  {
    magic: [0x42, 0x5a, 0x68],
    what: 'compressed by bzip2',
    hint: 'Unpack it on the way: bunzip2 -c dump.sql.bz2 | ssh … db:restore SITE',
  },
  {
    magic: [0xff, 0xfe],
    what: 'UTF-16, as PowerShell writes it',
    hint: 'Dump without PowerShell\'s ">": mariadb-dump --result-file=dump.sql …',
  },
  {
    magic: [0xfe, 0xff],
    what: 'UTF-16',
    hint: 'Make it UTF-8: iconv -f UTF-16 -t UTF-8 dump.sql | ssh … db:restore SITE',
  },
] as const

export class DumpCheck extends Transform {
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null, data?: Buffer) => void,
  ): void {
    if (this.#head.length < headBytes) this.#head = Buffer.concat([this.#head, chunk.subarray(0, headBytes)])
    this.#tail = Buffer.from(Buffer.concat([this.#tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes))
    const wrong = notSql.find(({ magic }) => magic.every((byte, index) => this.#head[index] === byte))
    if (wrong === undefined) done(null, chunk)
    else done(invalidDump(`The dump is not SQL: it is ${wrong.what}`, { hint: wrong.hint }))
  }

  /** Asked at its end: mariadb-dump and mysqldump close with a line that says so, where they open with one. */
  get isCutOff(): boolean {
    const opens = /^-- (MariaDB|MySQL) dump /m.test(this.#head.toString('latin1'))
    return opens && !/^-- Dump completed/m.test(this.#tail.toString('latin1'))
  }
}

export function invalidDump(message: string, more: { hint: string; details?: readonly string[] }): HostingError {
  return new HostingError('invalid-dump', `${message}. Nothing was changed`, more)
}
