// A release command that hangs is ended. A daemon that is killed before it, while it runs or after it: the old release serves on, nothing
// of the command is left, and the push can be repeated.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from '../helpers/clean-up.ts'
import { Platform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let copy: WorkingCopy

const files = (name: string, command: string) => ({
  'index.php': `<?php echo '${name} ', file_get_contents('data/migrated');`,
  'hosting.toml': 'storage = ["data/"]\n',
  Procfile: `release: ${command}\n`,
})

beforeAll(async () => {
  platform = await Platform.prepare({ flags: { 'warm-instances': '0' } })
  await platform.start()
  copy = await WorkingCopy.create(platform.admin, 'demo', files('old', 'echo once > data/migrated'))
  await copy.pushOk()
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const text = async () => (await platform.get('demo')).text
const containers = async () => (await containersOf(platform.home, 'demo.localhost')).length

async function restart(): Promise<void> {
  await platform.kill()
  await platform.start()
  await until('one instance to be all there is', async () => (await containers()) === 1)
}

describe('a release command that hangs', () => {
  it('is ended, and the old release serves on', async () => {
    await platform.stop()
    await platform.start({ flags: { 'release-timeout': '5' } })
    await copy.commit(files('new', 'echo working; sleep 1000'))
    const pushed = await copy.push()
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('       working')
    expect(pushed.stderr).toContain('did not end within 5 s, and was killed')
    expect(await text()).toBe('old once\n')
  })
})

describe('a daemon killed at the release command', () => {
  it.each(['before:release', 'after:release'])('%s: the old release serves on', async (fault) => {
    await platform.kill()
    await platform.start({ env: { HOSTING_FAULT: fault } })
    await copy.commit(files('new', `echo ${fault} > data/migrated`))
    expect((await copy.push()).exitCode).not.toBe(0)
    await restart()
    expect(await text()).toBe(fault === 'before:release' ? 'old once\n' : 'old after:release\n')
  })

  it('while it runs: the command ends, and the push can be repeated', async () => {
    await copy.commit(files('new', 'echo running > data/migrated; while true; do sleep 1; done'))
    const pushed = copy.push()
    await until('the command to run', async () => (await text()) === 'old running\n')
    await restart()
    expect((await pushed).exitCode).not.toBe(0)
    expect(await platform.admin.json('releases demo')).toMatchObject({ 0: { state: 'failed' } })
    await copy.commit(files('new', 'echo finished > data/migrated'))
    await copy.pushOk()
    expect(await text()).toBe('new finished\n')
  })
})
