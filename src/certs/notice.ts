// A word to a person, by mail where the platform has a relay.
export interface Notice {
  /** A mail address. */
  readonly to: string
  readonly subject: string
  readonly lines: readonly string[]
}

/** `no-relay`: nothing was sent, and nothing will be; whoever calls says it in listings. @throws when a relay refuses it */
export type Notify = (notice: Notice) => Promise<'sent' | 'no-relay'>
