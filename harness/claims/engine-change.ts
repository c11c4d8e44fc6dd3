/** What of container networking an engine can change, in the order in which the ledger tells it. */
export const subjects = [
  'forwarding and filtering',
  'published ports',
  'networks apart',
  'addresses and links',
  'IPv6',
  'names',
  'commands and the API',
] as const

/** What engines since some version do otherwise than those before, as a step shows on both. */
export interface EngineChange {
  /** The first engine's major version: `28`. */
  since: number
  of: (typeof subjects)[number]
  /** What is so since, and was not before, in plain words: a sentence without its full stop. */
  says: string
}
