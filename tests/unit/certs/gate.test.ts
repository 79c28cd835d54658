// A change of keys waits for requests under way, and those that come meanwhile wait for it.
import { describe, expect, it } from 'vitest'
import { createGate } from '../../../src/certs/acme/gate.ts'

describe('the gate', () => {
  it('lets many through side by side, one alone after them, and the rest after that', async () => {
    const gate = createGate()
    const said: string[] = []
    const [first, alone] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    const work = (name: string, until?: Promise<unknown>) => async () => {
      said.push(`${name} begins`)
      await until
      said.push(`${name} ends`)
    }
    const all = [
      gate.together(work('a', first.promise)),
      gate.together(work('b')),
      gate.alone(work('change', alone.promise)),
      gate.together(work('c')),
      gate.alone(work('again')),
    ]
    await new Promise(setImmediate)
    expect(said).toEqual(['a begins', 'b begins', 'b ends'])
    first.resolve(undefined)
    await new Promise(setImmediate)
    expect(said.slice(3)).toEqual(['a ends', 'change begins'])
    alone.resolve(undefined)
    await Promise.all(all)
    expect(said.slice(5, 6)).toEqual(['change ends'])
    // Whichever of the two comes first, the other one waits.
    expect(said.slice(6).map((line) => line.replace(/ .*/, ''))).toEqual(
      said[6] === 'c begins' ? ['c', 'c', 'again', 'again'] : ['again', 'again', 'c', 'c'],
    )
  })

  it('is open again after what failed', async () => {
    const gate = createGate()
    const failing = () => Promise.reject(new Error('no'))
    await expect(gate.together(failing)).rejects.toThrow('no')
    await expect(gate.alone(failing)).rejects.toThrow('no')
    await expect(gate.together(() => Promise.resolve(7))).resolves.toBe(7)
  })
})
