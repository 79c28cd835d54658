// Removes a container and its anonymous volumes, whatever state it is in.
import { askUnless, type Engine } from './engine.ts'

/** @param name its name or Docker's id; a missing one is no error */
export async function removeContainer(engine: Engine, name: string): Promise<void> {
  const container = engine.getContainer(name)
  const removed = await askUnless(
    [404, 409],
    container.remove({ force: true, v: true }).then(() => true),
  )
  // 409: another call is removing it; or 404: gone. Both end in waiting for what is not there.
  if (removed === undefined) await askUnless([404], container.wait({ condition: 'removed' }))
}
