/** The iptables backends that a machine can have: rules by nf_tables, which is Debian's default, or by the older tables. */
export const backends = ['nft', 'legacy'] as const

export type Backend = (typeof backends)[number]

export const defaultBackend: Backend = 'nft'
