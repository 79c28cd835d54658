// Whom uploads belong to, and what a jail follows from besides the order.
import { lstat } from 'node:fs/promises'
import type { Config } from '../../config/load.ts'
import type { JailSetting, JailUser } from './arguments.ts'

/** The user that uploads belong to where the platform is root; just below those of sites (names/site-uid.ts). */
export const uploadsUid = 199_999

/** Of jails that this process starts for itself. */
export function ownSetting(config: Config): JailSetting {
  const isRoot = process.geteuid?.() === 0
  return settingFor(config, isRoot ? { uid: uploadsUid, gid: uploadsUid } : undefined)
}

/** Of jails that it starts for a platform that is not root: that keeps working trees as itself, and looks which files are open in them. */
export async function settingOfPlatform(config: Config): Promise<JailSetting> {
  const { uid, gid } = await lstat(config.home.root)
  if (uid === 0) throw new Error(`${config.home.root} belongs to root: no jail is started for anybody else`)
  return settingFor(config, { uid, gid })
}

function settingFor(config: Config, user: JailUser | undefined): JailSetting {
  return { home: config.home, user, fileBytes: config['max-release-mb'] * 1024 * 1024 }
}
