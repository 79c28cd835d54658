// The hard links of the next release, made ahead of it while nobody waits: 60,000 of them take 0.5 s, renaming a folder takes nothing.
// next/ in a release holds a copy of its edge/ and ruled/; the build of the next release takes it away, or makes its own.
import { mkdir, rename, rmdir } from 'node:fs/promises'
import { execOk } from '../../lib/exec.ts'
import { hasErrorCode, removeTree } from '../../lib/files.ts'
import { parts } from './published-names.ts'
import { readRecord } from './record.ts'

/** Fewer files are looked at one by one (republish.ts), not linked in one go. */
const minFiles = 20

/** To be called once a release is live and quiet. Does nothing for a small site, or when it was done. Idempotent. */
export async function linkAhead(release: string, signal: AbortSignal): Promise<void> {
  const record = await readRecord(release)
  if (record === undefined || record.files < minFiles) return
  const unfinished = `${release}/next.tmp`
  await removeTree(unfinished)
  await mkdir(unfinished, { mode: 0o755 })
  const sources = parts.map((part) => `${release}/${part}`)
  try {
    await execOk('nice', ['-n', '19', 'cp', '-al', '--', ...sources, unfinished], { signal })
    await rename(unfinished, `${release}/next`)
  } catch (error) {
    await removeTree(unfinished)
    // ENOTEMPTY: it is there already.
    if (!signal.aborted && !hasErrorCode(error, 'ENOTEMPTY')) throw error
  }
}

/** Fills edge/ and ruled/ of a new release with links to those of the release before. */
export async function linkFrom(earlier: string, release: string): Promise<void> {
  if (await takeAhead(earlier, release)) return
  await execOk('cp', ['-al', '--', ...parts.map((part) => `${earlier}/${part}`), release])
}

/** One rename decides who gets it; what it holds is moved up after that. */
async function takeAhead(earlier: string, release: string): Promise<boolean> {
  const taken = `${release}/next`
  try {
    await rename(`${earlier}/next`, taken)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false
    throw error
  }
  for (const part of parts) await rename(`${taken}/${part}`, `${release}/${part}`)
  await rmdir(taken)
  return true
}
