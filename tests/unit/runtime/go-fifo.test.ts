import { chmod, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exec } from '../../../src/lib/exec.ts'
import { createGoFifos, type GoFifos } from '../../../src/runtime/docker/go-fifo.ts'

let directory: string
let fifos: GoFifos

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-fifo-'))
  await chmod(directory, 0o777)
  fifos = createGoFifos()
})

afterEach(async () => {
  await fifos.close()
  await rm(directory, { recursive: true })
})

const wait = (timeoutMs: number) =>
  exec('sh', ['-c', 'read -r _ < "$0" && echo went', join(directory, 'go')], { timeoutMs })

describe('the FIFO go', () => {
  it('lets a waiting instance go', async () => {
    await fifos.make(directory)
    const waiting = wait(5000)
    await fifos.release('a', directory)
    expect((await waiting).stdout).toBe('went\n')
  })

  it('lets an instance go that comes later', async () => {
    await fifos.make(directory)
    await fifos.release('a', directory)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await wait(5000)).stdout).toBe('went\n')
  })

  it('resolves when nobody waits, twice, and holds nothing after it is forgotten', async () => {
    await fifos.make(directory)
    await fifos.make(directory)
    await fifos.release('a', directory)
    await fifos.release('a', directory)
    await fifos.forget('a')
    expect((await wait(200)).stdout).toBe('')
  })

  it('resolves when there is none', async () => {
    await fifos.release('a', directory)
    await fifos.release('a', join(directory, 'missing'))
  })

  // The directory is the tenant's: a link there must not make the platform write to another file, a device or a directory.
  it.each(['link to a file', 'file', 'directory'])('writes nothing to a %s in its place', async (kind) => {
    const victim = join(directory, 'victim')
    await writeFile(victim, 'unharmed')
    const path = join(directory, 'go')
    if (kind === 'link to a file') await symlink(victim, path)
    else if (kind === 'file') await writeFile(path, 'unharmed')
    else await mkdir(path)
    await fifos.release('a', directory)
    expect(await readFile(kind === 'file' ? path : victim, 'utf8')).toBe('unharmed')
    await expect(fifos.make(directory)).rejects.toThrow(/mkfifo/)
  })

  it('is readable by the instance and writable by the platform alone', async () => {
    await fifos.make(directory)
    const file = await open(join(directory, 'go'), 'r+')
    expect((await file.stat()).mode & 0o777).toBe(0o644)
    await file.close()
  })
})
