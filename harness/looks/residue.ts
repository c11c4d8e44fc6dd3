import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'
import { engineLines, type Reading, readingLines } from './residue-lines.ts'

/** The state of the machine that a lab must leave as it found it, as lines; those of iptables rules in the kernel's order. */
export function residueProbe(): Probe<string[]> {
  return {
    title: 'residue',
    script: `${takeAll}
take /
for n in /run/netns/*; do
  name=\${n#/run/netns/}
  [ -e "$n" ] || [ -L "$n" ] || continue
  nsenter --net="$n" sh -c ${quote(`${takeAll}\ntake "$1"`)} sh "$name" 2>/dev/null || printf '\\n@@ unbound %s\\n' "$name"
done
if [ -S /run/docker.sock ]; then
  printf '\\n%s\\n' '@@ engine'
  for what in 'containers/json?all=true' networks volumes; do
    echo "$what" "$(curl -sf -m 5 --unix-socket /run/docker.sock "http://engine/$what")"
  done
fi
printf '\\n%s\\n' '@@ end'`,
    parse: output => {
      const sections = output.stdout.split(/^@@ /m).slice(1)
      if (sections.at(-1) !== 'end\n') throw new LookError(`residue: cut off: ${output.stderr.trim()}`)
      const places = new Map<string, Reading>()
      const lines: string[] = []
      for (const section of sections.slice(0, -1)) {
        const end = section.indexOf('\n')
        const [what = '', ...place] = section.slice(0, end).split(' ')
        const text = section.slice(end + 1).trim()
        if (what === 'engine') lines.push(...engineLines(text))
        else if (what === 'unbound') lines.push(`file /run/netns/${place.join(' ')}, which no netns is bound to`)
        else places.set(place.join(' '), { ...places.get(place.join(' ')), [what]: text })
      }
      for (const [place, reading] of places) {
        if (place === '/') lines.push(...readingLines(reading))
        else lines.push(`netns ${place}`, ...readingLines(reading).map(line => `${line} in netns ${place}`))
      }
      return lines
    },
  }
}

/** What went (`- `) and what came (`+ `), one line each, sorted by what they are about; [] when nothing changed. */
export function residueDifference(before: string[], after: string[]): string[] {
  const gone = without(before, after)
  const came = without(after, before)
  const keys = (lines: string[]) => new Set(lines.filter(isSysctl).map(sysctlKey))
  const [keysBefore, keysAfter] = [keys(before), keys(after)]
  // Rule "settings come with links and modules": a key that is there on one side only was not changed by anyone. The link
  // has a line of its own, and a module that a rule loaded stays loaded.
  const changed = [
    ...told(gone.filter(line => !isSysctl(line) || keysAfter.has(sysctlKey(line)))).map(line => `- ${line}`),
    ...told(came.filter(line => !isSysctl(line) || keysBefore.has(sysctlKey(line)))).map(line => `+ ${line}`),
  ]
  if (changed.length === 0) return orderDifference(before, after)
  return changed.sort((a, b) => compare(a.slice(2), b.slice(2)) || compare(b, a))
}

/** Rule "a netns is told once": of one that came or went as a whole, not all that is in it. */
function told(lines: string[]): string[] {
  const whole = new Set(lines.filter(line => line.startsWith('netns ')))
  return lines.filter(line => !whole.has(/ in (netns .*)$/.exec(line)?.[1] ?? ''))
}

/** The same rules in another order act differently. */
function orderDifference(before: string[], after: string[]): string[] {
  const rules = (lines: string[]) => lines.filter(line => line.startsWith('rule '))
  const [was, is] = [rules(before), rules(after)]
  return is.flatMap((line, index) =>
    line === was[index] ? [] : [`- ${was[index]} (at this position)`, `+ ${line} (in its place)`],
  )
}

/** The lines of one list that the other hasn't, counting how often. */
function without(lines: string[], others: string[]): string[] {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.filter(line => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

function isSysctl(line: string): boolean {
  return line.startsWith('sysctl ')
}

/** The line without its value. */
function sysctlKey(line: string): string {
  return line.replace(/ = .*?(?= in netns |$)/, '')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

// Everything of one netns, in as few processes as can be, since each costs more than what it reads. iptables-nft's tables show
// up in nft's listing, so that an untouched netns costs no iptables-save; a legacy table is there once someone looked at it.
const takeAll = `take() {
  section() { printf '\\n@@ %s %s\\n' "$1" "$place"; }
  place=$1
  section ip
  ip -d -j -batch - <<'END'
addr
route show table all
rule
END
  ip -6 -d -j rule
  section nft
  if command -v nft >/dev/null; then ruleset=$(nft -s list ruleset); else ruleset='table ip table ip6'; fi
  printf '%s\\n' "$ruleset"
  case $ruleset in *'table ip '*) section iptables; iptables-nft-save 2>/dev/null || iptables-save;; esac
  case $ruleset in *'table ip6 '*) section ip6tables; ip6tables-nft-save 2>/dev/null || ip6tables-save;; esac
  { read -r tables </proc/net/ip_tables_names; } 2>/dev/null && { section iptables-legacy; iptables-legacy-save; }
  { read -r tables </proc/net/ip6_tables_names; } 2>/dev/null && { section ip6tables-legacy; ip6tables-legacy-save; }
  section sysctl; grep -rs '' /proc/sys/net
  :
}`
