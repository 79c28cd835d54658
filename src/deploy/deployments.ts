// What doors and commands see of deploy/: each operation behind its site's turn.
import { readDomain } from '../names/domain-name.ts'
import type { Site } from '../store/sites.ts'
import { environmentOf } from './environment.ts'
import { createDatabase, finishRotation, removeDatabase, rotateDatabase } from './operations/database.ts'
import { destroySite } from './operations/destroy.ts'
import { OneOffs } from './one-offs.ts'
import { changeEnvironment } from './operations/environment.ts'
import { restartSite, startSite, stopSite } from './operations/power.ts'
import { rollback } from './operations/rollback.ts'
import type { Parts } from './parts.ts'
import { PushToSite, type PushTools } from './push.ts'
import { DeployQueue } from './queue.ts'
import { routeAsWritten } from './routing.ts'
import type { Deployments } from './types.ts'
import { gateSite } from './standing-before.ts'
import { surveyStorage } from './survey-storage.ts'
import { WarmInstances } from './warm.ts'

export function createDeployments(parts: Parts): Deployments & { warmInstances: WarmInstances } {
  const queue = new DeployQueue()
  const inTurn = createTurns(queue, parts)
  const warmInstances = new WarmInstances(parts)
  const oneOffs = new OneOffs(parts)
  const tools: PushTools = { parts, queue, warmInstances }

  return {
    warmInstances,
    push: (site, account, way) => new PushToSite(site, account, { ...tools, way }),
    expectPush: (site) => warmInstances.prepare(site),
    rollback: (site, options) =>
      inTurn(site, `a rollback by ${options.account.name}`, (current) => rollback(current, options, parts)),
    environment: (site) => environmentOf(site, parts),
    changeEnvironment: (site, change) =>
      inTurn(site, `a change of variables by ${change.account.name}`, async (current) => {
        const outcome = await changeEnvironment(current, change, parts)
        if (outcome.changed.length > 0) warmInstances.drop(site.id)
        return outcome
      }),
    surveyStorage: (site) => surveyStorage(site, parts),
    surveyProcesses: (site) => parts.processes.survey(site),
    runCron: (site, number, print) => parts.processes.runCron(site, number, print),
    ...databaseOperations({ inTurn, warmInstances, parts }),
    runOneOff: (site, running) => oneOffs.run(site, running),
    start: (site) => inTurn(site, 'being started', (current) => startSite(current, parts)),
    stop: (site) => inTurn(site, 'being stopped', (current) => stopSite(current, parts)),
    restart: (site, print) => inTurn(site, 'a restart', (current) => restartSite(current, print, parts)),
    destroy: (site) =>
      inTurn(site, 'being destroyed', async (current) => {
        await Promise.all([warmInstances.end(site.id), oneOffs.end(site.id), parts.processes.end(site.id)])
        await destroySite(current, parts)
      }),
    async routeDomains(site, removed) {
      if (removed !== undefined) {
        await parts.edge.routes.remove(readDomain(removed))
        await parts.certificates.forget(removed)
      }
      await gateSite(await parts.store.sites.get(site.id), parts)
      await routeAsWritten(site.id, parts)
      for (const { name } of await parts.store.domains.listOf(site.id)) await parts.certificates.want(site, name)
    },
  }
}

interface Turns {
  readonly inTurn: ReturnType<typeof createTurns>
  readonly warmInstances: WarmInstances
  readonly parts: Parts
}

/** An instance made ahead knows the old password, or none. */
function databaseOperations({ inTurn, warmInstances, parts }: Turns) {
  return {
    createDatabase: (site, print) =>
      inTurn(site, 'its database being made', async (current) => {
        warmInstances.drop(site.id)
        return await createDatabase(current, print, parts)
      }),
    async rotateDatabase(site, print) {
      await inTurn(site, 'a new database password', async (current) => {
        warmInstances.drop(site.id)
        await rotateDatabase(current, print, parts)
      })
      print('The old password holds until the old instance has finished its requests …')
      await finishRotation(site.id, parts)
    },
    removeDatabase: (site) =>
      inTurn(site, 'its database being removed', async (current) => {
        warmInstances.drop(site.id)
        await removeDatabase(current, parts)
      }),
    restoreDatabase: (site, restoring) =>
      inTurn(site, 'a restore of its database', (current) => parts.databases.restore(current, restoring)),
  } satisfies Partial<Deployments>
}

/** Runs a command's work on the site as it is once its turn has come. */
function createTurns(queue: DeployQueue, { store }: Pick<Parts, 'store'>) {
  return async function inTurn<T>(site: Site, what: string, work: (current: Site) => Promise<T>): Promise<T> {
    const slot = queue.enterNow(site, what)
    try {
      return await work(await store.sites.get(site.id))
    } finally {
      slot.leave()
    }
  }
}
