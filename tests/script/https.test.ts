// HTTPS in a trial run, as a person finds it: from the first push, by a CA that the platform prints.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { curl } from '../helpers/tls.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person

beforeAll(async () => {
  platform = await startPlatform()
  ann = await platform.addPerson('ann')
})
afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

it('works from the first push, also after a restart, and plain HTTP goes on', async () => {
  const copy = await WorkingCopy.create(ann, 'demo', { 'index.html': 'hello' })
  await copy.pushOk()
  const printed = await ann.ssh('ca')
  expect(printed.stdout).toMatch(/^-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\n$/)
  const ca = join(platform.directory, 'ca.pem')
  await writeFile(ca, printed.stdout)
  const url = `https://demo.localhost:${platform.httpsPort}/`
  const answered = async () => (await curl(url, ca)).body === 'hello'
  await until('HTTPS', answered, 10_000)
  expect(await platform.get('demo.localhost', '/')).toMatchObject({ status: 200, text: 'hello' })

  await platform.stop()
  await platform.start()
  await until('HTTPS after a restart', answered, 10_000)
  expect((await ann.ssh('ca')).stdout).toBe(printed.stdout)
})
