import { known, parseRows, rows, text } from './iproute.ts'
import { toLinks } from './link.ts'
import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/** One end of a veth pair, with all that it says of the other end. */
export interface LinkEnd {
  name: string
  ifindex: number
  /** The other end's ifindex. */
  iflink?: number
  kind?: string
  mac?: string
  /** The netns that this end lives in: its inode, and its name where it has one. */
  netns: number
  netnsName?: string
  /** The id that this netns has for the other end's; absent when that is the same one. */
  peerNetnsId?: number
  /** The netns that the other end lives in, by inode; absent when the guest can't see that netns. */
  peerNetns?: number
  peerNetnsName?: string
}

/**
 * A link and where its peer lives; undefined when there's no link of that name.
 *
 * The kernel tells the peer's netns by an id that holds only in the looking netns, and `ip netns list-id` turns ids into
 * names of files in /run/netns. So all netns that the guest has (named, of a process, of a container) are put there under
 * their inode, in a mount namespace that ends with the look: nobody else sees it.
 */
export function peer(name: string): Probe<LinkEnd | undefined> {
  const title = `peer of ${name}`
  return {
    title,
    script: `ip -d -j addr; s=$?; echo; [ $s = 0 ] || exit $s
stat -L -c 'here %i' /proc/self/ns/net
stat -L -c 'netns %i %n' /run/netns/* /run/docker/netns/* 2>/dev/null
exec unshare --mount sh -c ${quote(resolveIds)}`,
    parse: output => {
      const [addr = '', ...rest] = output.stdout.split('\n\n')
      const found = toLinks(rows(title, { ...output, stdout: addr })).find(link => link.name === name)
      if (found === undefined) return undefined
      const facts = rest.join('\n\n')
      const here = /^here (\d+)$/m.exec(facts)?.[1]
      if (here === undefined) throw new LookError(`${title}: which netns this is was not told: ${output.stderr.trim()}`)
      const inodeOf = new Map(
        parseRows(title, /^\[.*/ms.exec(facts)?.[0] ?? '').map(row => [row.nsid, Number(text(row, 'name'))]),
      )
      const nameOf = new Map(
        [...facts.matchAll(/^netns (\d+) \/run\/netns\/(.*)$/gm)].map(([, inode, file]) => [Number(inode), file]),
      )
      const there = found.iflink === undefined ? undefined : found.peerNetnsId
      const peerNetns = found.iflink === undefined ? undefined : there === undefined ? Number(here) : inodeOf.get(there)
      return known<LinkEnd>({
        name,
        ifindex: found.ifindex,
        iflink: found.iflink,
        kind: found.kind,
        mac: found.mac,
        netns: Number(here),
        netnsName: nameOf.get(Number(here)),
        peerNetnsId: there,
        peerNetns: Number.isNaN(peerNetns) ? undefined : peerNetns,
        peerNetnsName: peerNetns === undefined ? undefined : nameOf.get(peerNetns),
      })
    },
  }
}

/** Whether two ends are one wire, as both netns tell it; `why` is a sentence either way. */
export function paired(a: LinkEnd | undefined, b: LinkEnd | undefined): { paired: boolean; why: string } {
  if (a === undefined || b === undefined)
    return { paired: false, why: `${a === undefined ? 'the first' : 'the second'} end isn't there` }
  const refusal = pointsAt(a, b) ?? pointsAt(b, a)
  if (refusal !== undefined) return { paired: false, why: refusal }
  return {
    paired: true,
    why: `${a.name} (ifindex ${a.ifindex}, iflink ${a.iflink}) and ${b.name} (ifindex ${b.ifindex}, iflink ${b.iflink}) point at each other, and both netns agree`,
  }
}

function pointsAt(one: LinkEnd, other: LinkEnd): string | undefined {
  if (one.iflink === undefined) return `${one.name} has no peer`
  if (one.iflink !== other.ifindex) {
    return `${one.name} points at ifindex ${one.iflink}, but ${other.name} has ifindex ${other.ifindex}`
  }
  if (one.peerNetns === undefined)
    return `the netns of ${one.name}'s peer (id ${one.peerNetnsId}) is none that the guest can see`
  if (one.peerNetns !== other.netns) {
    return `${one.name}'s peer lives in ${netnsInWords(one.peerNetns, one.peerNetnsName)}, but ${other.name} in ${netnsInWords(other.netns, other.netnsName)}`
  }
  return undefined
}

function netnsInWords(inode: number, name: string | undefined): string {
  return name === undefined ? `netns ${inode}` : `netns ${name} (${inode})`
}

// The old /run is kept reachable under /mnt, since the files there may be the only hold on a netns.
const resolveIds = `mount --rbind /run /mnt && mount -t tmpfs tmpfs /run && mkdir /run/netns || exit
stat -L -c '%i %n' /mnt/netns/* /mnt/docker/netns/* /proc/[0-9]*/ns/net 2>/dev/null |
while read -r inode file; do [ -e "/run/netns/$inode" ] || echo "$file"  "$inode"; done |
sort -u -k 2,2 | while read -r file inode; do ln -s "$file" "/run/netns/$inode"; done
exec ip -j netns list-id`
