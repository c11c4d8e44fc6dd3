import { split } from '../iptables/words.ts'

/**
 * Whether a command shows something and changes nothing that a lab could miss: what it saw is what the lab's expectations are made
 * of, so to break it would break the proof and not what is proved. Each part of a line must be such a one.
 */
export function looksOnly(command: string): boolean {
  // What is filled in by a command that only looks is as good as a word.
  const filledIn = command.replaceAll(/\$\(([^()]*)\)/g, (whole, inner: string) => (looksOnly(inner) ? 'word' : whole))
  const parts = partsOf(filledIn.replaceAll(/\d?>&\d|\d?>\s*\/dev\/(null|stdout|stderr)/g, ''))
  return parts.every(part => !/[^<]>|\$\(/.test(withoutQuoted(part)) && partLooks(part.trim()))
}

/** A line's commands: what stands between `;`, `|`, `&&`, `||` and ends of lines. */
function partsOf(line: string): string[] {
  const parts = ['']
  for (const [piece] of line.matchAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\|\||&&|./gs)) {
    if (/^(?:\|\||&&|[;|\n])$/.test(piece)) parts.push('')
    else parts[parts.length - 1] += piece
  }
  return parts
}

function withoutQuoted(text: string): string {
  return text.replaceAll(/'[^']*'|"(?:[^"\\]|\\.)*"/g, "''")
}

function partLooks(part: string): boolean {
  const stripped = part.replace(/^(?:(?:until|while|if|then|do|else|!)\s+)+/, '')
  if (/^(?:for\s.*|done|fi|do|then|)$/s.test(stripped)) return true
  try {
    return wordsLook(split(stripped, 'shell'))
  } catch {
    return false
  }
}

function wordsLook(words: string[]): boolean {
  // A connection that bash opens and lets go, as in `bash -c '</dev/tcp/127.0.0.1/80'`.
  if (words.length === 1 && words[0]?.startsWith('</dev/tcp/')) return true
  const [program = '', ...args] = words.slice(words.findIndex(word => !/^\w+=/.test(word)))
  const name = program.replace(/^.*\//, '')
  const wrapper = wrappers[name]
  if (wrapper) {
    const inner = wrapper(args)
    if (inner !== undefined) return typeof inner === 'string' ? looksOnly(inner) : wordsLook(inner)
  }
  if (args.includes('--help')) return true
  return looks.has(name) || (sometimes[name]?.(args) ?? false)
}

/** Programs that run another one: what they run, as words or as a line; undefined where they run none. */
const wrappers: Record<string, (args: string[]) => string[] | string | undefined> = {
  sudo: args => args,
  env: args => args,
  timeout: args => args.slice(afterOptions(args, ['-s', '-k']) + 1),
  nsenter: args => args.slice(afterOptions(args, ['-t', '--target'])),
  ip: args => (args[0] === 'netns' && args[1] === 'exec' ? args.slice(3) : undefined),
  docker: args => (args[0] === 'exec' ? args.slice(2 + afterOptions(args.slice(1), valued)) : undefined),
  sh: args => (args[0] === '-c' ? args[1] : undefined),
  bash: args => (args[0] === '-c' ? args[1] : undefined),
  script: args => args[1],
}

const valued = ['-e', '--env', '-u', '--user', '-w', '--workdir', '-H', '--host']

/** How many words are options and their values; `withValue` are those whose value is a word of its own. */
function afterOptions(args: string[], withValue: string[]): number {
  let at = 0
  while (args[at]?.startsWith('-')) at += withValue.includes(args[at] ?? '') ? 2 : 1
  return at
}

const looks = new Set(
  (
    'arp arping awk cat cd curl cut dig dpkg dpkg-query echo egrep false find findmnt getent grep head host id ' +
    'ip6tables-legacy-save ip6tables-nft-save ip6tables-save iptables-legacy-save iptables-nft-save iptables-save ls ' +
    'lsmod lsns mailx mount nc netstat nslookup pgrep ping ping6 printf ps pwd read readlink sleep sort ss ssh stat ' +
    'swaks tail tcpdump telnet test top tr tracepath traceroute true uname uniq wc wget which ['
  ).split(' '),
)

const dockerLooks = new Set([
  'diff',
  'images',
  'info',
  'inspect',
  'logs',
  'port',
  'ps',
  'stats',
  'top',
  'version',
  'wait',
])

/** Programs that show or change, as their arguments say. */
const sometimes: Record<string, (args: string[]) => boolean> = {
  brctl: ([what = '']) => what.startsWith('show'),
  bridge: args => !args.some(word => ['add', 'del', 'delete', 'set', 'replace', 'append'].includes(word)),
  conntrack: args => args.includes('-L') || args.includes('-S'),
  docker(args) {
    const [what = '', verb = ''] = args.slice(afterOptions(args, valued))
    return dockerLooks.has(what) || (!noVerb.has(what) && ['ls', 'ps', 'inspect', 'logs'].includes(verb))
  },
  hostname: args => args.every(word => word.startsWith('-')),
  ifconfig: args => args.filter(word => !word.startsWith('-')).length < 2,
  ip(args) {
    const words = args.slice(afterOptions(args, ['-n', '-netns', '-family', '-f']))
    return words.length < 2 || /^(show|list|lst|ls|sh|get|identify|pids|state)$/.test(words[1] ?? '')
  },
  iptables: args => args.some(word => /^(-[nvxZ]*[LSC][nvx]*|--list.*|--check)$/.test(word)),
  nft: args => args.includes('list'),
  route: args => !args.some(word => ['add', 'del'].includes(word)),
  sed: args => !args.some(word => word.startsWith('-i')),
  sysctl: args => !args.some(word => word === '-w' || word.includes('=')),
}

/** What of docker's words is followed by names of containers or images, which may be called anything. */
const noVerb = new Set([
  'run',
  'rm',
  'rmi',
  'stop',
  'start',
  'restart',
  'kill',
  'create',
  'commit',
  'rename',
  'tag',
  'exec',
])
