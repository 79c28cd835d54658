import { describe, expect, it } from 'vitest'
import { homeAt, instancePath, releasePath, repositoryPath, siteLogPath } from '../../../src/config/home.ts'
import { maxHostNameLength } from '../../../src/names/host-name.ts'

describe('the home', () => {
  const home = homeAt('/srv/a/rather/long/path/to/the/home')

  it('has a short link of its own, or the one it is given', () => {
    expect(home.link).toMatch(/^\/run\/hosting-[0-9a-f]{8}$/)
    expect(homeAt('/srv/other').link).not.toBe(home.link)
    expect(homeAt('/srv/other', '/run/hosting').link).toBe('/run/hosting')
  })

  it("leaves room for the longest name in the path of a site's socket (107 bytes, unix(7))", () => {
    const socket = `${home.link}/routes/${'a'.repeat(maxHostNameLength)}/run/web.sock`
    expect(socket.length).toBeLessThanOrEqual(107)
  })

  it('keeps everything below its root', () => {
    const paths = [
      repositoryPath(home, 'a.org'),
      releasePath(home, 'a.org', 'id'),
      instancePath(home, 'id'),
      siteLogPath(home, 'a.org'),
      home.database,
    ]
    for (const path of paths) expect(path.startsWith(`${home.root}/`)).toBe(true)
    expect(paths[0]).toBe(`${home.root}/repos/a.org.git`)
  })
})
