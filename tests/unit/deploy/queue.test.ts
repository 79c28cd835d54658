import { describe, expect, it } from 'vitest'
import { DeployQueue } from '../../../src/deploy/queue.ts'

const site = { id: 1, name: 'demo.localhost' }
const quiet = () => undefined

describe('the queue of a site', () => {
  it('lets one in at a time, the next one when the first leaves', async () => {
    const queue = new DeployQueue()
    const first = await queue.enter(1, 'push a', quiet)
    const waitedFor: string[] = []
    let entered = false
    const second = queue
      .enter(1, 'push b', (current) => waitedFor.push(current))
      .then((slot) => {
        entered = true
        return slot
      })
    await Promise.resolve()
    expect(entered).toBe(false)
    first.leave()
    ;(await second).leave()
    expect(waitedFor).toEqual(['push a'])
    expect(queue.isBusy(1)).toBe(false)
  })

  it('lets a newer push take the place of one that waits', async () => {
    const queue = new DeployQueue()
    const first = await queue.enter(1, 'push a', quiet)
    const second = queue.enter(1, 'push b', quiet)
    const third = queue.enter(1, 'push c', quiet)
    await expect(second).rejects.toMatchObject({
      code: 'superseded',
      message: 'While push b waited, push c took its place',
    })
    first.leave()
    await expect(third).resolves.toBeDefined()
  })

  it('lets uploads wait behind pushes, one after the other: they take no place and lose none', async () => {
    const queue = new DeployQueue()
    const order: string[] = []
    const first = await queue.enter(1, 'push a', quiet)
    const waiting = [
      queue.enterBehind(1, 'upload b', quiet).then((slot) => (order.push('b'), slot)),
      queue.enterBehind(1, 'upload c', quiet).then((slot) => (order.push('c'), slot)),
      queue.enter(1, 'push d', quiet).then((slot) => (order.push('d'), slot)),
    ]
    first.leave()
    for (const next of [2, 0, 1]) (await waiting[next]!).leave()
    expect(order).toEqual(['d', 'b', 'c'])
    expect(queue.isBusy(1)).toBe(false)
  })

  it('keeps sites apart', async () => {
    const queue = new DeployQueue()
    await queue.enter(1, 'push a', quiet)
    await expect(queue.enter(2, 'push b', quiet)).resolves.toBeDefined()
  })

  it('tells a command what the site is busy with, instead of making it wait', async () => {
    const queue = new DeployQueue()
    const slot = await queue.enter(1, 'the push of 3f2a91c by ann', quiet)
    expect(() => queue.enterNow(site, 'a restart')).toThrow('demo.localhost is busy with the push of 3f2a91c by ann')
    slot.leave()
    expect(queue.enterNow(site, 'a restart')).toBeDefined()
  })

  it('is not opened twice by a slot that is left twice', async () => {
    const queue = new DeployQueue()
    const first = await queue.enter(1, 'push a', quiet)
    const second = queue.enter(1, 'push b', quiet)
    first.leave()
    await second
    first.leave()
    expect(queue.isBusy(1)).toBe(true)
  })
})
