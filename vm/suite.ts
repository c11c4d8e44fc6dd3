/** The Debian suites that machines are built from, oldest first: each one is an engine and a kernel. */
export const suites = ['bookworm', 'trixie', 'forky'] as const

export type Suite = (typeof suites)[number]

export const defaultSuite: Suite = 'trixie'
