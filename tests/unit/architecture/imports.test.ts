// Imports run downward only, and libraries that hold power (processes, SQL, Docker) are imported by their one owner.
import { describe, expect, it } from 'vitest'
import { wrongImports } from './layers.ts'
import { parseSource, readSources } from './sources.ts'

const judge = (path: string, text: string) => wrongImports([parseSource(path, text)])

describe('the sources', () => {
  it('import only what stands below them', () => {
    expect(wrongImports(readSources('src'))).toEqual([])
  })

  it('name what nginx relays and certifies only in edge/', () => {
    const elsewhere = readSources('src').filter(({ path }) => !path.startsWith('src/edge/'))
    expect(elsewhere.filter(({ text }) => /proxy_pass|ssl_certificate/.test(text)).map(({ path }) => path)).toEqual([])
  })
})

describe('the rule', () => {
  it('finds an import that runs upward', () => {
    expect(judge('src/store/x.ts', "import { deploy } from '../deploy/deploy.ts'")).toHaveLength(1)
    expect(judge('src/store/x.ts', "export { deploy } from '../deploy/deploy.ts'")).toHaveLength(1)
    expect(judge('src/store/x.ts', "await import('../deploy/deploy.ts')")).toHaveLength(1)
  })

  it('finds an import between siblings, types included', () => {
    expect(judge('src/git/x.ts', "import { createEdge } from '../edge/nginx.ts'")).toHaveLength(1)
    expect(judge('src/git/x.ts', "import type { Edge } from '../edge/types.ts'")).toHaveLength(1)
  })

  it('lets buildpacks use the types of the runtime and nothing else of it', () => {
    expect(judge('src/buildpacks/x.ts', "import type { BuildSpec } from '../runtime/runtime.ts'")).toEqual([])
    expect(judge('src/buildpacks/x.ts', "import { type BuildSpec } from '../runtime/runtime.ts'")).toEqual([])
    expect(judge('src/buildpacks/x.ts', "import { BuildSpec } from '../runtime/runtime.ts'")).toHaveLength(1)
  })

  it('finds a library that somebody else owns', () => {
    expect(judge('src/deploy/x.ts', "import Docker from 'dockerode'")).toHaveLength(1)
    expect(judge('src/lib/x.ts', "import { spawn } from 'node:child_process'")).toHaveLength(1)
    expect(judge('src/lib/exec.ts', "import koffi from 'koffi'")).toHaveLength(1)
    expect(judge('src/lib/posix/libc.ts', "import koffi from 'koffi'")).toEqual([])
  })
})
