// Chance that is always the same for the same thing: a restart doesn't throw the dice again, and a test knows how they fall.
import { createHash } from 'node:crypto'

/** @returns from 0 up to, not including, 1 */
export function fractionOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32
}
