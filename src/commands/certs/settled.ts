// How a name stands once the platform has looked after it: people wait some seconds for that, not for ever.
import type { CertificateStatus } from '../../certs/types.ts'
import type { CommandContext } from '../types.ts'

const patienceMs = 4000
const pollMs = 50

/** Undefined: nobody looks after it. @param isSettled what is waited for */
export async function settled(
  name: string,
  { certificates, clock, gone }: Pick<CommandContext, 'certificates' | 'clock' | 'gone'>,
  isSettled: (status: CertificateStatus) => boolean,
): Promise<CertificateStatus | undefined> {
  const end = clock.now().getTime() + patienceMs
  for (;;) {
    const status = await certificates.find(name)
    if (status === undefined) return undefined
    // Once more when it is settled: the edge follows what is written down, some milliseconds later.
    const isOver = isSettled(status) || clock.now().getTime() >= end
    await clock.sleep(pollMs, gone)
    if (isOver) return status
  }
}
