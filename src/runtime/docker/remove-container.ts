// Removes a container and its anonymous volumes, whatever state it is in.
import { ask, askUnless, type Engine, statusOf } from './engine.ts'

const missing = 404
/** Another call is removing it. */
const beingRemoved = 409

/** @param name its name or Docker's id; a missing one is no error */
export async function removeContainer(engine: Engine, name: string): Promise<void> {
  const container = engine.getContainer(name)
  try {
    await ask(container.remove({ force: true, v: true }))
  } catch (error) {
    // Only then: a wait for one that is missing would wait for the next one of that name.
    if (statusOf(error) === beingRemoved) await askUnless([missing], container.wait({ condition: 'removed' }))
    else if (statusOf(error) !== missing) throw error
  }
}
