import { children, known, number, rows, text } from './iproute.ts'
import type { Probe } from './probe.ts'

export interface Address {
  family: 'inet' | 'inet6'
  address: string
  prefixLength: number
  /** The interface that has it. */
  link: string
  /** 'global', 'link', 'host'. */
  scope: string
  /** A second address of the same subnet: it goes when the first one is deleted. */
  secondary?: true
}

/** The addresses of one interface, or of all. No such interface: none. */
export function addresses(link?: string): Probe<Address[]> {
  const title = link === undefined ? 'addresses' : `addresses of ${link}`
  return {
    title,
    script: 'ip -j addr',
    parse: output =>
      rows(title, output).flatMap(row => {
        const name = text(row, 'ifname') ?? ''
        if (link !== undefined && name !== link) return []
        return children(row, 'addr_info').map(info =>
          known<Address>({
            family: text(info, 'family') === 'inet6' ? 'inet6' : 'inet',
            address: text(info, 'local') ?? '',
            prefixLength: number(info, 'prefixlen') ?? 0,
            link: name,
            scope: text(info, 'scope') ?? '',
            secondary: info.secondary === true ? true : undefined,
          }),
        )
      }),
  }
}
