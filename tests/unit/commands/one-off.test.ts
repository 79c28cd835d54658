// What `run` makes of its words, and of what the program ends with. That it runs: tests/script/one-off.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPlatform, type Platform } from './platform.ts'

let platform: Platform
let commands: (readonly string[])[] = []
let exitCode = 0

beforeAll(async () => {
  platform = await createPlatform({
    deployments: {
      runOneOff: (_site, { command }) => {
        commands.push(command)
        return Promise.resolve(exitCode)
      },
    },
  })
  await platform.site('demo.localhost', 'root')
})
afterAll(async () => await platform[Symbol.asyncDispose]())

async function words(line: string): Promise<readonly string[] | undefined> {
  commands = []
  await platform.run(line)
  return commands[0]
}

it.each([
  ['run demo -- php artisan migrate', ['php', 'artisan', 'migrate']],
  ['run demo php artisan migrate', ['php', 'artisan', 'migrate']],
  ['run demo php artisan --json --force -x', ['php', 'artisan', '--json', '--force', '-x']],
  ['run demo php --help', ['php', '--help']],
  ['run demo -- php -- -h', ['php', '--', '-h']],
])('%s', async (line, expected) => {
  expect(await words(line)).toEqual(expected)
})

it.each(['run', 'run demo', 'run demo --', 'run demo -x', 'run --json demo true'])('refuses %s', async (line) => {
  expect(await words(line)).toBeUndefined()
  expect((await platform.run(line)).code).toBe(2)
})

it.each(['run --help', 'run demo --help'])('explains itself: %s', async (line) => {
  expect(await words(line)).toBeUndefined()
  expect((await platform.run(line)).out).toContain('run SITE COMMAND…')
})

it('ends as the program ends, and says nothing of its own', async () => {
  exitCode = 143
  expect(await platform.run('run demo -- true')).toMatchObject({ code: 143, out: '', err: '' })
})
