// Parts die under the running platform: each heals by itself, at the latest with the next request.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nginxOf } from '../helpers/clean-up.ts'
import { OwnDocker } from '../helpers/own-docker.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let docker: OwnDocker
let platform: Platform
let copy: WorkingCopy

/** Served by the instance alone: a rule for every path keeps all of it out of the edge tree. */
const files = { 'index.html': 'whole', _headers: '/*\n  X-From: instance\n' }

beforeAll(async () => {
  docker = await OwnDocker.start()
  platform = await startPlatform({ env: { DOCKER_HOST: docker.host }, flags: { 'warm-instances': '0' } })
  copy = await WorkingCopy.create(platform.admin, 'demo', files)
  await copy.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await docker[Symbol.asyncDispose]()
})

describe('what heals by itself', () => {
  it('a killed instance: the next request starts it, and gets its answer', async () => {
    const [container = ''] = await docker.containers()
    await docker.kill(container)
    expect(await platform.get('demo')).toMatchObject({ status: 200, text: 'whole' })
  })

  it('a restarted Docker Engine: the next request starts the instance, and pushes work again', async () => {
    await docker.stop()
    expect((await platform.get('demo')).status).toBe(503)
    await docker.start()
    await until('the site to be served again', async () => (await platform.get('demo')).status === 200)
    await copy.commit({ 'index.html': 'after the restart' })
    await copy.pushOk()
    expect(await platform.get('demo')).toMatchObject({ text: 'after the restart' })
  })

  it('a killed nginx: it is started again, and what was open does not keep its port', async () => {
    const master = (await nginxOf(platform.home))!
    process.kill(master, 'SIGKILL')
    await until('nginx to be another one', async () => {
      const now = await nginxOf(platform.home)
      return now !== undefined && now !== master
    })
    await until(
      'the site to be served again',
      async () => (await platform.get('demo').catch(() => undefined))?.status === 200,
    )
  })

  it('a stopped site says so and stays stopped, whatever dies', async () => {
    await platform.admin.ssh('stop demo')
    const answer = await platform.get('demo')
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('stopped')
    await platform.kill()
    expect(await platform.get('demo')).toMatchObject({ status: 503, text: answer.text })
    await platform.start()
    expect(await platform.get('demo')).toMatchObject({ status: 503, text: answer.text })
    expect((await platform.admin.ssh('start demo')).exitCode).toBe(0)
    expect((await platform.get('demo')).status).toBe(200)
  })

  it('a daemon that is away: what serves goes on serving', async () => {
    await platform.kill()
    expect(await platform.get('demo')).toMatchObject({ status: 200, text: 'after the restart' })
    expect((await platform.get('unknown')).status).toBe(404)
    await platform.start()
    expect((await platform.get('demo')).status).toBe(200)
  })
})

describe('the end of a trial run', () => {
  it('takes its sites and its nginx with it', async () => {
    expect(await platform.stop()).toBe(0)
    expect(await docker.containers()).toEqual([])
    expect(await nginxOf(platform.home)).toBeUndefined()
    await expect(platform.get('demo')).rejects.toThrow()
    await platform.start()
    await until('the site to be served again', async () => (await platform.get('demo')).status === 200)
  })
})
