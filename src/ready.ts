// Tells what started the daemon as a service (systemd, Type=notify) that it serves now; in the foreground there is nobody to tell.
import { execOk } from './lib/exec.ts'

/** @throws Error when systemd-notify fails: systemd would wait in vain */
export async function tellReady(env: NodeJS.ProcessEnv): Promise<void> {
  const socket = env['NOTIFY_SOCKET']
  // A datagram socket, which Node.js does not speak: hence the program.
  if (socket) await execOk('systemd-notify', ['--ready'], { env: { NOTIFY_SOCKET: socket }, timeoutMs: 10_000 })
}
