// A platform with one application, which two people look at: its owner and somebody else.
import { Browser } from './browser.ts'
import { type Platform, startPlatform } from './platform.ts'
import { WorkingCopy } from './working-copy.ts'

export interface Application {
  readonly platform: Platform
  readonly copy: WorkingCopy
  /** What its first push printed. */
  readonly told: string
  readonly owner: Browser
  readonly visitor: Browser
}

/** @param assemble puts the application where it is told */
export async function startApplication(
  site: string,
  assemble: (directory: string) => Promise<void>,
): Promise<Application> {
  await using starting = new AsyncDisposableStack()
  const platform = starting.use(await startPlatform())
  const copy = await WorkingCopy.create(platform.admin, site, {})
  await assemble(copy.directory)
  await copy.commit()
  const { stderr } = await copy.pushOk(['main'], { timeoutMs: 900_000 })
  starting.move()
  return { platform, copy, told: stderr, owner: new Browser(platform, site), visitor: new Browser(platform, site) }
}
