// The recipe of a deploy. Before the commit point (the ref update, made by Git) nothing is visible and a failure undoes itself;
// after it the switch will happen, even if the daemon is killed in between (recover.ts).
import { drain } from './steps/drain.ts'
import { checkHealth } from './steps/check-health.ts'
import { checkOut } from './steps/check-out.ts'
import { buildRelease } from './steps/build-release.ts'
import { runReleaseCommand } from './steps/run-release-command.ts'
import { startInstance } from './steps/start-instance.ts'
import { switchRoutes } from './steps/switch-routes.ts'
import { retireReleases } from './steps/retire-releases.ts'
import { markProven, take } from './steps/take.ts'
import type { Attempt, Parts } from './parts.ts'

/** Prepare and prove a pushed commit. */
export async function prepare(attempt: Attempt, parts: Parts): Promise<void> {
  await take('checkout', checkOut, { attempt, parts })
  await take('build', buildRelease, { attempt, parts })
  if (attempt.facts.manifest?.releaseCommand !== undefined) await take('release', runReleaseCommand, { attempt, parts })
  await prove(attempt, parts)
}

/** Prove a release whose files are there: the rest of a push, and the whole of a rollback. */
export async function prove(attempt: Attempt, parts: Parts): Promise<void> {
  await take('start', startInstance, { attempt, parts })
  await take('check', checkHealth, { attempt, parts })
  await markProven(attempt, parts)
}

/** Make a proven release the live one. The old instance finishes its requests, and old releases go, in nobody's way. */
export async function goLive(attempt: Attempt, parts: Parts): Promise<void> {
  const former = attempt.site.live_instance_id
  await take('switch', switchRoutes, { attempt, parts })
  await parts.store.releases.update(attempt.release.id, { timings: JSON.stringify(attempt.timings) })
  parts.processes.follow(attempt.site.id)
  if (former !== null) parts.background.run('drain', () => drain(former, parts))
  parts.background.run('retire', () => retireReleases(attempt.site, parts))
}
