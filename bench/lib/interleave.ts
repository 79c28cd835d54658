// Two things measured in turns: what else the machine does meanwhile falls on both.

export interface Pair<T> {
  readonly value: T
  readonly floor: T
}

/** Runs both, `rounds` times, after one round that doesn't count; who goes first changes each round. */
export async function interleave<T>(
  rounds: number,
  { value, floor }: { value: () => Promise<T>; floor: () => Promise<T> },
): Promise<Pair<T>[]> {
  const pairs: Pair<T>[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % 2 === 0 ? await floor() : undefined
    const measured = await value()
    const pair = { value: measured, floor: first ?? (await floor()) }
    if (round > 0) pairs.push(pair)
  }
  return pairs
}
