// The attack: whoever may ask for a jail asks for a place of the machine, another program, or a site by the number of another.
import { describe, expect, it } from 'vitest'
import { homeAt } from '../../../src/config/home.ts'
import { jailArguments } from '../../../src/privileged/jail/arguments.ts'
import { jailSchema, orderSchema, streamSchema } from '../../../src/privileged/jail/order.ts'

const release = { number: 7, directory: 'abcdefgh12345678', part: 'tree' }
const site = {
  ...{ id: 3, name: 'demo.example', writable: true, hasTree: true },
  ...{ storage: [{ path: 'up/loads', isFolder: true }], releases: [release] },
}
const order = { account: { id: 2, name: 'ann' }, program: { name: 'SFTP', args: [] as string[] }, sites: [site] }
const user = { uid: 998, gid: 997 }

function argumentsOf(asked: unknown, whose: typeof user | undefined = user): string[] {
  return jailArguments(orderSchema.parse(asked), { home: homeAt('/srv/h'), user: whose, fileBytes: 1024 })
}

const valueOf = (words: string[], name: string) => words[words.indexOf(name) + 1]

describe('an order', () => {
  it('leads to places of the home, by numbers and names', () => {
    const words = argumentsOf(order)
    expect(valueOf(words, 'JAIL_MOUNTS_0')?.split('\n')).toEqual([
      'uploads/3-2\ttree\tdemo.example\td\trw\t0',
      'releases/demo.example/abcdefgh12345678\ttree\t.releases/demo.example/7\td\tro\t0',
      'storage/demo.example\tup/loads\tdemo.example/up/loads\td\trw\t200003',
    ])
    expect(valueOf(words, 'JAIL_USER')).toBe('998')
    expect(valueOf(words, 'JAIL_GROUP')).toBe('997')
    expect(words.slice(words.indexOf('--'))).toEqual(['--', '/usr/lib/openssh/sftp-server', '-u', '022'])
  })

  it('of who may only read shows all of it read-only', () => {
    const words = argumentsOf({ ...order, sites: [{ ...site, writable: false }] })
    const lines = valueOf(words, 'JAIL_MOUNTS_0')?.split('\n') ?? []
    expect(lines.map((line) => line.split('\t')[4])).toEqual(['ro', 'ro', 'ro'])
  })

  it('without root maps nobody, and lets the site write what was uploaded', () => {
    const words = jailArguments(orderSchema.parse(order), { home: homeAt('/srv/h'), user: undefined, fileBytes: 1 })
    expect(valueOf(words, 'JAIL_MOUNTS_0')).toMatch(/\t0$/)
    expect(words).not.toContain('JAIL_USER')
    expect(words.slice(-2)).toEqual(['-u', '000'])
  })

  const withSite = (changed: object) => ({ ...order, sites: [{ ...site, ...changed }] })
  const withProgram = (name: string, ...args: string[]) => ({ ...order, program: { name, args } })
  it.each<[string, unknown]>([
    ['a name that climbs', withSite({ name: '../../etc' })],
    ['a name with a line of its own', withSite({ name: 'a.example\nuploads\t.\tx\td\trw\t0' })],
    ['storage that climbs', withSite({ storage: [{ path: 'a/../../b', isFolder: true }] })],
    ['absolute storage', withSite({ storage: [{ path: '/etc', isFolder: true }] })],
    ['storage with a tab', withSite({ storage: [{ path: 'a\tb', isFolder: true }] })],
    ['all of storage', withSite({ storage: [{ path: '', isFolder: true }] })],
    ['a release by a path', withSite({ releases: [{ ...release, directory: '../../../etc' }] })],
    ['another part of a release', withSite({ releases: [{ ...release, part: '..' }] })],
    ['no number', withSite({ id: 0 })],
    ['a number below the first', withSite({ id: -200_000 })],
    ['a number that is none', withSite({ id: 1.5 })],
    ['a tree of its own', withSite({ tree: '/etc' })],
    ['a user of its own', { ...order, uid: 0 }],
    ['an account by a path', { ...order, account: { id: 1, name: '../x' } }],
    ['a shell', withProgram('sh', '-c', 'id')],
    ['a path for a program', withProgram('/bin/sh')],
    ['arguments of sftp-server', withProgram('SFTP', '-f', 'x')],
    ['scp that runs another', withProgram('scp', '-S', '/bin/sh', '-t', '--', 'a')],
    ['scp without an end of its flags', withProgram('scp', '-t', 'a')],
    ['a NUL', withProgram('rsync', 'a\0b')],
    ['101 sites', { ...order, sites: Array.from({ length: 101 }, () => site) }],
  ])('with %s is refused', (_what, asked) => {
    expect(orderSchema.safeParse(asked).success).toBe(false)
    expect(jailSchema.safeParse({ jail: 'abcdefgh12345678', order: asked }).success).toBe(false)
  })

  it.each([{ jail: '../x', descriptor: 0 }, { jail: 'abcdefgh12345678', descriptor: 4 }, {}])(
    '%j is no stream',
    (takes) => {
      expect(streamSchema.safeParse(takes).success).toBe(false)
    },
  )
})
