import { isIPv6 } from 'node:net'
import { type Extension, flag, word } from '../syntax.ts'
import { address, network } from '../values/address.ts'

const flags: Extension = { '--random': flag(), '--random-fully': flag(), '--persistent': flag() }

const toPorts = word()

export const nat: Readonly<Record<string, Extension>> = {
  MASQUERADE: { '--to-ports': toPorts, '--random': flag(), '--random-fully': flag() },
  SNAT: { '--to-source': word(destination), ...flags },
  DNAT: { '--to-destination': word(destination), '--random': flag(), '--persistent': flag() },
  REDIRECT: { '--to-ports': toPorts, '--random': flag() },
  NETMAP: { '--to': word(network) },
}

/** '172.17.0.2-172.17.0.3:80-90', ':8080', '[2001:db8::1]:80': only IPv6 addresses have more than one spelling. */
function destination(text: string): string {
  return text.replaceAll(/[\da-f:]*:[\da-f:.]+(?=[\]-]|$)|(?<=\[)[\da-f:.]+/gi, part =>
    isIPv6(part) ? address(part, 'inet6') : part,
  )
}
