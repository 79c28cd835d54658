// Images of all homes on the machine: found by a tag that says what they were made of, made where missing.
import { join } from 'node:path'
import { ask, askUnless, type Engine } from '../engine.ts'
import { fetchDebian } from './debian.ts'
import { buildImage, type ImageBuild } from './docker-build.ts'
import { type Family, hashOf, readFamily } from './family.ts'
import { withLock } from './lock.ts'
import { type Report, withProgress } from './progress.ts'

const familyLabel = 'hosting.family'

export interface Images {
  /** The tag of a family's image, which is made first where it is missing. */
  readonly reference: (family: string, report: Report) => Promise<string>
  /** Looks again next time: somebody removed the image. */
  readonly forget: (family: string) => void
  /** Makes a family's image anew from today's packages. */
  readonly refresh: (family: string, report: Report) => Promise<void>
}

export interface ImagesParts {
  readonly engine: Engine
  readonly buildpacksDirectory: string
}

export function createImages(parts: ImagesParts): Images {
  const known = new Map<string, Promise<string>>()

  function remember(family: string, made: Promise<string>): Promise<string> {
    known.set(family, made)
    made.catch(() => known.delete(family))
    return made
  }

  return {
    reference: async (family, report) =>
      await (known.get(family) ?? remember(family, ensureFamily(parts, { family, report, fresh: false }))),
    forget(family) {
      known.delete(family)
    },
    async refresh(family, report) {
      const tag = await remember(family, ensureFamily(parts, { family, report, fresh: true }))
      await removeSuperseded(parts.engine, family, tag)
    },
  }
}

interface FamilyWish {
  readonly family: string
  readonly report: Report
  readonly fresh: boolean
}

async function ensureFamily(parts: ImagesParts, { family: name, report, fresh }: FamilyWish): Promise<string> {
  const family = await readFamily(parts.buildpacksDirectory, name)
  const base = await ensureBase(parts, { suite: family.suite, report, fresh })
  const tag = `hosting/${name}:${hashOf([...family.files, idFile(base.id)]).slice(0, 12)}`
  const args = { BASE: base.tag, ...(family.variant === undefined ? {} : { VARIANT: family.variant }) }
  const build = { tag, files: family.files, args, labels: { [familyLabel]: name }, fresh }
  await ensureImage(parts, { tag, report, fresh, make: () => buildWithProgress(parts.engine, build, report) })
  return tag
}

async function ensureBase(parts: ImagesParts, wish: { suite: string; report: Report; fresh: boolean }) {
  const { suite, report, fresh } = wish
  const family = await readFamily(parts.buildpacksDirectory, 'base')
  const tag = `hosting/base:${suite}-${family.hash.slice(0, 12)}`
  const id = await ensureImage(parts, { tag, report, fresh, make: () => makeBase(parts, { family, tag, ...wish }) })
  return { tag, id }
}

async function makeBase(
  { engine, buildpacksDirectory }: ImagesParts,
  { family, tag, suite, report, fresh }: { family: Family; tag: string; suite: string; report: Report; fresh: boolean },
): Promise<void> {
  const known = `hosting/debian:${suite}`
  const bootstrapped = (await findImage(engine, known)) !== undefined
  const debian = bootstrapped
    ? known
    : await fetchDebian(engine, { suite, baseDirectory: join(buildpacksDirectory, 'base'), report })
  const args = { DEBIAN: debian, SUITE: suite }
  await buildWithProgress(engine, { tag, files: family.files, args, labels: { [familyLabel]: 'base' }, fresh }, report)
}

/** @returns the image's id */
async function ensureImage(
  { engine, buildpacksDirectory }: ImagesParts,
  { tag, fresh, report, make }: { tag: string; report: Report; fresh: boolean; make: () => Promise<void> },
): Promise<string> {
  const found = fresh ? undefined : await findImage(engine, tag)
  if (found !== undefined) return found
  return await withLock(buildpacksDirectory, async () => {
    // Whoever had the lock before may have made it.
    if (fresh || (await findImage(engine, tag)) === undefined) {
      if (!fresh) report(`The image ${tag} is made once on this server; that takes some minutes.`)
      await make()
    }
    return (await ask(engine.getImage(tag).inspect())).Id
  })
}

async function findImage(engine: Engine, tag: string): Promise<string | undefined> {
  return (await askUnless([404], engine.getImage(tag).inspect()))?.Id
}

async function buildWithProgress(engine: Engine, build: ImageBuild, report: Report): Promise<void> {
  await withProgress({ title: `Image ${build.tag}`, report }, (note) => buildImage(engine, build, note))
}

/** Removes a family's older images. One in use refuses that (409) and is left for the next time. */
async function removeSuperseded(engine: Engine, family: string, current: string): Promise<void> {
  const images = await ask(engine.listImages({ filters: { label: [`${familyLabel}=${family}`] } }))
  const tags = images.flatMap((image) => image.RepoTags ?? [])
  for (const tag of tags.filter((one) => one.startsWith(`hosting/${family}:`) && one !== current)) {
    await askUnless([404, 409], engine.getImage(tag).remove())
  }
}

function idFile(id: string) {
  return { path: '../base', executable: false, content: Buffer.from(id) }
}
