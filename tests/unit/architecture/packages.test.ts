// The lockfile says what runs. Nothing is left to the day of the installation.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { projectRoot } from '../../helpers/paths.ts'

const versions = z.record(z.string(), z.string())
const manifest = z.object({ dependencies: versions, devDependencies: versions, optionalDependencies: versions })
const lockfile = z.object({ packages: z.looseObject({ '': manifest }) })

const read = (name: string): unknown => JSON.parse(readFileSync(join(projectRoot, name), 'utf8'))

it('pins every dependency to one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest.parse(read('package.json'))
  const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})

it('has a lockfile of just these dependencies', () => {
  expect(lockfile.parse(read('package-lock.json')).packages['']).toEqual(manifest.parse(read('package.json')))
})
