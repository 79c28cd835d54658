// Runs Composer, and then the site's own build command, on copies of the tree. What comes of it takes the tree's place; the commit is kept
// beside it, for the next release to link from.
import { lstat, rename, rm } from 'node:fs/promises'
import { runConfined } from '../confined-build.ts'
import type { BuildRequest } from '../types.ts'

export interface PhpBuild {
  /** Image family of the site's PHP, whose platform check counts. */
  readonly image: string
  readonly composer: boolean
  readonly command: string | undefined
}

/** @returns whether anything was built @throws HostingError build-failed */
export async function buildTree(request: BuildRequest, { image, composer, command }: PhpBuild): Promise<boolean> {
  let tree = `${request.directory}/tree`
  if (composer) tree = await runComposer(request, tree, image)
  if (command !== undefined) tree = await runCommand(request, tree, command)
  return await takePlace(request.directory, tree)
}

async function runComposer(request: BuildRequest, source: string, image: string): Promise<string> {
  const into = `${request.directory}/composed`
  request.print('-----> composer install --no-dev --optimize-autoloader')
  await runConfined(request, {
    title: 'composer install',
    buildpack: 'php',
    image,
    env: {},
    source,
    into,
    hint: 'Run composer install --no-dev in a fresh clone of the repository, correct what fails, commit, and push again.',
  })
  return into
}

/** Where npm is: in the builder, which sees the packages that Composer has installed. */
async function runCommand(request: BuildRequest, source: string, command: string): Promise<string> {
  const into = `${request.directory}/built`
  request.print(`-----> Building: ${command}`)
  await runConfined(request, {
    title: `The build command "${command}"`,
    buildpack: 'static',
    env: { BUILD_COMMAND: command },
    source,
    into,
    hint: 'Run the command in a fresh clone of the repository, correct what fails, commit, and push again.',
  })
  return into
}

async function takePlace(directory: string, built: string): Promise<boolean> {
  const tree = `${directory}/tree`
  if (built === tree) return false
  await rename(tree, `${directory}/commit`)
  await rename(built, tree)
  await rm(`${directory}/composed`, { recursive: true, force: true })
  return true
}

/** Whether packages are missing: composer.json asks for some, and vendor/ was not committed. */
export async function needsComposer(tree: string, needsInstall: boolean): Promise<boolean> {
  if (!needsInstall) return false
  return (await lstat(`${tree}/vendor/autoload.php`).catch(() => undefined)) === undefined
}
