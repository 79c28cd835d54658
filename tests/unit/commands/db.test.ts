import { expect, it } from 'vitest'
import { createPlatform, terminal } from './platform.ts'

it('runs the SQL that comes in, with its exit status, and else shows what the database is', async () => {
  const ran: string[] = []
  await using platform = await createPlatform({
    databases: {
      open: async (_site, { stdin, terminal: asked }) => {
        if (asked === undefined) ran.push(Buffer.concat(await stdin.toArray()).toString())
        return 1
      },
    },
  })
  await platform.site('demo.localhost', 'root')
  expect(await platform.run('db demo', { input: 'select 1' })).toMatchObject({ code: 1, out: '' })
  expect(ran).toEqual(['select 1'])
  expect((await platform.run('db demo')).out).toContain('demo_abc123')
  expect((await platform.run('db demo --info', { input: 'select 1', terminal })).out).toContain('demo_abc123')
  expect(ran).toHaveLength(1)
})
