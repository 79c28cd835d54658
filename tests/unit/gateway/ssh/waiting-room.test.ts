import { describe, expect, it } from 'vitest'
import { createWaitingRoom } from '../../../../src/gateway/ssh/waiting-room.ts'

function roomOf(places: number, placesPerSource: number) {
  const room = createWaitingRoom({ places, placesPerSource })
  const evicted: string[] = []
  const enter = (address: string, name = address) => room.enter(address, () => evicted.push(name))
  return { enter, evicted }
}

describe('the waiting room', () => {
  it('has so many places for one source, and a place again when one leaves', () => {
    const { enter } = roomOf(10, 2)
    const leave = enter('192.0.2.1')
    enter('192.0.2.1')
    expect(enter('192.0.2.1')).toBeUndefined()
    expect(enter('192.0.2.2')).toBeDefined()
    leave?.()
    leave?.()
    expect(enter('192.0.2.1')).toBeDefined()
    expect(enter('192.0.2.1')).toBeUndefined()
  })

  // The attack: holding all places without ever logging in, so that nobody else can.
  it('when full makes place for a newcomer, at the cost of who crowds it and waits longest', () => {
    const { enter, evicted } = roomOf(4, 3)
    enter('192.0.2.9', 'honest')
    enter('192.0.2.1', 'crowd 1')
    enter('192.0.2.1', 'crowd 2')
    enter('192.0.2.1', 'crowd 3')
    expect(enter('192.0.2.2', 'newcomer')).toBeDefined()
    expect(enter('192.0.2.3', 'next')).toBeDefined()
    expect(evicted).toEqual(['crowd 1', 'crowd 2'])
  })
})
