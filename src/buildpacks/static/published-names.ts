// The names that publishing gives: two folders of a release, and what stands beside a compressed file.

/** edge/: files that the edge serves by itself. ruled/: files that a rule has a say in, which the instance serves. */
export const parts = ['edge', 'ruled'] as const
export type Part = (typeof parts)[number]

export const variantSuffixes = ['.gz', '.br'] as const

export function isVariant(path: string): boolean {
  return variantSuffixes.some((suffix) => path.endsWith(suffix))
}
