// Small loose objects, read without a git process: what a small push has just brought is there in 0.1 ms, where a process takes 3 or more to start.
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import type { ObjectSource } from './types.ts'

export interface LooseObject {
  readonly type: string
  readonly content: Buffer
}

const maxDeflatedBytes = 64 * 1024
const maxInflatedBytes = 256 * 1024

/** Undefined for what is packed, large, damaged or not there: git itself tells which. */
export function findLoose({ repository, quarantine }: ObjectSource, object: string): LooseObject | undefined {
  const places = [...(quarantine ? [quarantine.objectDirectory] : []), join(repository, 'objects')]
  for (const place of places) {
    const path = join(place, object.slice(0, 2), object.slice(2))
    const size = lstatSync(path, { throwIfNoEntry: false })?.size
    if (size !== undefined) return size > maxDeflatedBytes ? undefined : readLoose(path)
  }
  return undefined
}

/** `<type> <size>\0<content>`, deflated (gitformat-loose(5)) */
function readLoose(path: string): LooseObject | undefined {
  try {
    const bytes = inflateSync(readFileSync(path), { maxOutputLength: maxInflatedBytes })
    const end = bytes.indexOf(0)
    const [type = '', size] = bytes.toString('latin1', 0, end).split(' ')
    const content = bytes.subarray(end + 1)
    return Number(size) === content.length ? { type, content } : undefined
  } catch {
    // Collected at this moment, cut off by a power cut, or a small file that would inflate to a large one.
    return undefined
  }
}
