// A platform whose PHP instances have what a bare php-fpm with so many children has.
import { cpus } from 'node:os'
import { startCompiled } from './compiled-platform.ts'

/** Of php-fpm, there and here. */
export const children = 8

/** One client stands for all the visitors. */
export async function startForPhp() {
  return await startCompiled({
    flags: {
      'request-rate': '0',
      'instance-cpus': String(cpus().length),
      'instance-memory-mb': String(children * 32),
      'database-connections': '100',
    },
  })
}
