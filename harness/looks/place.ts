import { LookError, type Place, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/** A place that the guest's root can enter: a container's netns is reached through the process that runs in it. */
export type ResolvedPlace = 'guest' | { netns: string } | { container: string; pid: number }

/** For people, after a title: ' in netns ns01', ' in container web'; nothing for the guest itself. */
export function inWords(place: Place | ResolvedPlace): string {
  if (place === 'guest') return ''
  return 'netns' in place ? ` in netns ${place.netns}` : ` in container ${place.container}`
}

/** The probe as the guest's root sends it so that it looks from `place`. Only the netns changes: files and tools are the guest's. */
export function inPlace<T>(probe: Probe<T>, place: ResolvedPlace): Probe<T> {
  if (place === 'guest') return probe
  const title = `${probe.title}${inWords(place)}`
  return {
    title,
    script: `${enter(place)} sh -c ${quote(probe.script)}`,
    parse: output => {
      const refusal = /^(?:vethlab-place|nsenter): (.*)/.exec(output.stderr)
      if (refusal) throw new LookError(`${title}: ${refusal[1]}`)
      return probe.parse(output)
    },
  }
}

/** The start of a command line that runs its rest in `place`'s netns, or says on stderr why it can't and ends the shell. */
export function enter(place: ResolvedPlace): string {
  if (place === 'guest') return 'exec'
  if ('pid' in place) return `exec nsenter --net=/proc/${place.pid}/ns/net`
  const path = `/run/netns/${place.netns}`
  return `[ -e ${quote(path)} ] || { echo vethlab-place: no such netns, these are: $(ls /run/netns 2>/dev/null) >&2; exit 97; }
exec nsenter --net=${quote(path)}`
}
