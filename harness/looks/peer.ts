import { known, parseRows, rows } from './iproute.ts'
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
 * names of files in /run/netns. So all netns that the guest has (named, of a container, of a process) are put there, in
 * a mount namespace that ends with the look: nobody else sees it.
 */
export function peer(name: string): Probe<LinkEnd | undefined> {
  const title = `peer of ${name}`
  return {
    title,
    script,
    parse: output => {
      const [addr = '', facts = ''] = output.stdout.split(/\n\n(.*)/s)
      const found = toLinks(rows(title, { ...output, stdout: addr })).find(link => link.name === name)
      if (found === undefined) return undefined
      const here = Number(/^here (\d+)$/m.exec(facts)?.[1])
      if (Number.isNaN(here)) throw new LookError(`${title}: which netns this is was not told: ${output.stderr.trim()}`)
      const files = [...facts.matchAll(/^netns (\d+) (\/run\/.*\/)(.*)$/gm)].map(([, inode, folder, file = '']) => ({
        inode: Number(inode),
        named: folder === '/run/netns/',
        file,
      }))
      const nameOf = (netns: number | undefined) => files.find(({ inode, named }) => named && inode === netns)?.file
      const { iflink, peerNetnsId } = found
      const listed = parseRows(title, /^\[.*/ms.exec(facts)?.[0] ?? '').find(({ nsid }) => nsid === peerNetnsId)?.name
      const there = files.find(({ file }) => file === listed)?.inode ?? (Number(listed) || undefined)
      const peerNetns = iflink === undefined ? undefined : peerNetnsId === undefined ? here : there
      return known<LinkEnd>({
        name,
        ifindex: found.ifindex,
        iflink,
        kind: found.kind,
        mac: found.mac,
        netns: here,
        netnsName: nameOf(here),
        peerNetnsId: iflink === undefined ? undefined : peerNetnsId,
        peerNetns,
        peerNetnsName: nameOf(peerNetns),
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
const listIds = `mount --rbind /run /mnt || exit
if [ -d /run/netns ]; then mount -t tmpfs tmpfs /run/netns; else mount -t tmpfs tmpfs /run && mkdir /run/netns; fi || exit
attach=$1
set --
for file in /mnt/netns/* /mnt/docker/netns/*; do [ ! -e "$file" ] || set -- "$@" "$file"; done
[ $# = 0 ] || ln -s "$@" /run/netns/
exec ip -j -batch - <<END
$attach
netns list-id
END`

// As few processes as can be: each costs more than what it tells. A netns that only processes hold is attached by one of
// them, under its inode.
const script = `ip -d -j addr || exit
echo
all=$(stat -L -c '%i %n' /proc/self/ns/net /run/netns/* /run/docker/netns/* /proc/[0-9]*/ns/net 2>/dev/null)
seen=' ' attach=
while read -r inode file; do
  case $file in
    /proc/self/*) echo "here $inode"; continue ;;
    /run/*) echo "netns $inode $file" ;;
    *)
      case $seen in *" $inode "*) continue ;; esac
      pid=\${file#/proc/}
      attach="$attach
netns attach $inode \${pid%%/*}"
      ;;
  esac
  seen="$seen$inode "
done <<END
$all
END
exec unshare --mount sh -c ${quote(listIds)} sh "$attach"`
