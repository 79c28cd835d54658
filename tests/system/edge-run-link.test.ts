// The short path to a home: a link or a mount, made again after a crash, never in the way of somebody else's file.
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { homeAt } from '../../src/config/home.ts'
import { ensureRunLink, removeRunLink } from '../../src/edge/run-link.ts'
import { findSymlink } from '../../src/lib/files.ts'

let directory: string
const makeHome = async (name: string, parentMode = 0o711) => {
  const parent = join(directory, name)
  await mkdir(join(parent, 'home'), { recursive: true })
  await chmod(parent, parentMode)
  await writeFile(join(parent, 'home', 'name'), name)
  return homeAt(join(parent, 'home'), join(directory, 'l'))
}
const read = () => readFile(join(directory, 'l', 'name'), 'utf8')

beforeEach(async () => {
  directory = await mkdtemp('/tmp/link-')
  await chmod(directory, 0o711)
})
afterEach(async () => {
  await removeRunLink(homeAt(directory, join(directory, 'l'))).catch(() => undefined)
  await rm(directory, { recursive: true, force: true })
})

describe('the run link', () => {
  it('is a symbolic link where everybody may pass; making it again changes nothing', async () => {
    const home = await makeHome('open')
    await ensureRunLink(home)
    await ensureRunLink(home)
    expect(await findSymlink(home.link)).toBe(home.root)
    expect(await read()).toBe('open')
    await removeRunLink(home)
    await removeRunLink(home)
    await expect(stat(home.link)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is a mount for root where others may not pass; removing it leaves the home as it is', async () => {
    const home = await makeHome('closed', 0o700)
    await ensureRunLink(home)
    await ensureRunLink(home)
    expect((await findSymlink(home.link)) === undefined).toBe(process.getuid?.() === 0)
    expect(await read()).toBe('closed')
    await removeRunLink(home)
    await expect(stat(home.link)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readFile(join(home.root, 'name'), 'utf8')).toBe('closed')
  })

  it.each([0o711, 0o700])(
    'is made anew when it leads elsewhere or to a home that is gone (above it: %o)',
    async (mode) => {
      const [old, home] = [await makeHome('old', mode), await makeHome('new', mode)]
      await ensureRunLink(old)
      await rename(join(directory, 'old'), join(directory, 'gone'))
      await ensureRunLink(home)
      expect(await read()).toBe('new')
    },
  )

  it('does not take the place of a file or a directory with something in it', async () => {
    const home = await makeHome('open')
    await writeFile(home.link, 'mine')
    await expect(ensureRunLink(home)).rejects.toMatchObject({ code: 'invalid-config' })
    expect(await readFile(home.link, 'utf8')).toBe('mine')
    await rm(home.link)
    await mkdir(home.link)
    await writeFile(join(home.link, 'mine'), 'mine')
    await expect(ensureRunLink(home)).rejects.toMatchObject({ code: 'invalid-config' })
    expect(await readFile(join(home.link, 'mine'), 'utf8')).toBe('mine')
    await rm(home.link, { recursive: true })
  })

  it('replaces a link to nothing', async () => {
    const home = await makeHome('open')
    await symlink('/nonexistent', home.link)
    await ensureRunLink(home)
    expect(await read()).toBe('open')
  })
})
