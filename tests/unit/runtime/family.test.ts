import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packContext, readFamily } from '../../../src/runtime/docker/images/family.ts'
import { extract } from 'tar-stream'

let buildpacks: string

beforeEach(async () => {
  buildpacks = await mkdtemp(join(tmpdir(), 'hosting-family-'))
  await mkdir(join(buildpacks, 'demo/bin'), { recursive: true })
  await writeFile(join(buildpacks, 'demo/Dockerfile'), '# demo\nARG BASE=hosting/base:trixie\nFROM $BASE\n')
  await writeFile(join(buildpacks, 'demo/bin/compile'), '#!/bin/sh\n', { mode: 0o755 })
  await symlink('/etc/passwd', join(buildpacks, 'demo/link'))
})

afterEach(() => rm(buildpacks, { recursive: true }))

const hash = async () => (await readFamily(buildpacks, 'demo')).hash

describe('an image family', () => {
  it('says which Debian it builds on', async () => {
    expect((await readFamily(buildpacks, 'demo')).suite).toBe('trixie')
  })

  it('has a hash of its contents and executable bits, not of times or other modes', async () => {
    const before = await hash()
    await chmod(join(buildpacks, 'demo/bin/compile'), 0o700)
    await writeFile(join(buildpacks, 'demo/Dockerfile'), '# demo\nARG BASE=hosting/base:trixie\nFROM $BASE\n')
    expect(await hash()).toBe(before)
    await chmod(join(buildpacks, 'demo/bin/compile'), 0o644)
    const notExecutable = await hash()
    await writeFile(join(buildpacks, 'demo/bin/compile'), '#!/bin/sh -e\n')
    expect(new Set([before, notExecutable, await hash()]).size).toBe(3)
  })

  it('sends its regular files as the context, whatever umask the checkout had', async () => {
    const { files } = await readFamily(buildpacks, 'demo')
    const entries: [string, number | undefined][] = []
    const archive = packContext(files).pipe(extract())
    for await (const entry of archive) {
      entries.push([entry.header.name, entry.header.mode])
      entry.resume()
    }
    expect(entries).toEqual([
      ['Dockerfile', 0o644],
      ['bin/compile', 0o755],
    ])
  })
})
