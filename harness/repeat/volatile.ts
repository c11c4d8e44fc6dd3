/** What differs from run to run without saying anything: its name, how it looks, what stands in its place. */
interface Rule {
  name: string
  pattern: RegExp
  replacement: string
}

// In this order: what is longer, or more particular, first.
const rules: readonly Rule[] = [
  { name: 'UUID', pattern: /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, replacement: '<uuid>' },
  { name: 'id of a container, image or network', pattern: /\b[0-9a-f]{64}\b/g, replacement: '<id>' },
  { name: 'token of a swarm', pattern: /\bSWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}\b/g, replacement: '<token>' },
  {
    name: "id of a swarm's node, network or service",
    pattern: /\b(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{25}\b/g,
    replacement: '<id>',
  },
  { name: "netns of a swarm's network", pattern: /(?<=\/netns\/)(1-|lb_)[0-9a-z]{9,10}\b/g, replacement: '<id>' },
  { name: "name of a network's bridge", pattern: /\bbr-[0-9a-f]{12}\b/g, replacement: 'br-<id>' },
  // Its MAC. In a pattern that is looked for the dot is quoted.
  { name: 'id of a bridge', pattern: /(?<=\b8000\\?\.)[0-9a-f]{12}\b/g, replacement: '<id>' },
  // A number of twelve digits is none; a list that is quoted shows a tab as \t.
  { name: 'short id', pattern: /(?<=\b|\\[nt])(?=\d*[a-f])[0-9a-f]{12}\b/g, replacement: '<id>' },
  { name: "name of an engine's veth", pattern: /\bveth[0-9a-f]{7}\b/g, replacement: 'veth<id>' },
  { name: 'MAC address', pattern: /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi, replacement: '<mac>' },
  { name: 'link-local address', pattern: /\bfe80:(:?[0-9a-f]{1,4}){1,7}/gi, replacement: '<link-local>' },
  {
    name: 'date and time',
    pattern: /\b\d{4}[-/]\d{2}[-/]\d{2}[T ] ?\d{1,2}:\d{2}:\d{2}(\.\d+)?( ?(Z|[+-]\d{2}:?\d{2}))?( UTC)?/g,
    replacement: '<time>',
  },
  // docker ps.
  {
    name: 'age of a container',
    pattern:
      /\b(\d+|About an?|Less than an?) (second|minute|hour|day)s?(?= ago\b)|(?<=\bUp )(\d+|About an?|Less than an?) (second|minute|hour|day)s?\b/g,
    replacement: '<age>',
  },
  {
    name: 'subnet that an engine draws',
    pattern: /\bfd[0-9a-f]{2}(:[0-9a-f]{1,4}){2,3}::\/64/g,
    replacement: 'fd<id>::/64',
  },
  { name: 'time of day', pattern: /\b\d{2}:\d{2}:\d{2}(\.\d+)?/g, replacement: '<time>' },
  {
    name: "a ping's time",
    pattern: /(?<=\bms: )\d+(\.\d+)?|(?<=\btime=)\d+(\.\d+)? (ms|msec|usec)\b/g,
    replacement: '<ms>',
  },
  {
    name: 'date',
    pattern: /\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ <time>( UTC)? \d{4}\b/g,
    replacement: '<time>',
  },
  { name: "counters of a chain's policy", pattern: /(?<=^:\S+ \S+ )\[\d+:\d+\]/gm, replacement: '[<n>:<n>]' },
  { name: 'duration', pattern: /\b\d+(\.\d+)? ?(ms|s|min)\b/g, replacement: '<duration>' },
  // Linux gives these to who asks for none (ip_local_port_range). An engine goes through them from the first, and of several ports of
  // one container which gets which is chance.
  {
    name: 'ephemeral port',
    pattern:
      /(?<=[:.]|\bport:? |Port: )(327[89]\d|32[89]\d{2}|(3[3-9]|[45]\d)\d{3}|60\d{3})\b|(?<=--dport )327[67]\d\b/g,
    replacement: '<port>',
  },
  {
    name: 'process',
    pattern: /(?<=\/proc\/|\bpid[ =:]{1,2}|nsenter (?:-t|--target)[ =]?|\bkill )\d+/gi,
    replacement: '<pid>',
  },
  // As `ip netns` calls a container's, by a link to /proc.
  {
    name: 'netns with the name of a process',
    pattern: /(?<=\bnetns (?:exec |should show \{ name: ')?|\/netns\/|network namespace "|\bname: ')\d+\b/g,
    replacement: '<pid>',
  },
  // As pipework calls the links that it makes for a container.
  {
    name: 'link with the name of a process',
    pattern: /(?<=\bveth\dp[lg])\d+\b|(?<=\bph)\d+(?=eth\d\b)/g,
    replacement: '<pid>',
  },
  { name: "namespace's inode", pattern: /(?<=\b[a-z_]+:\[)\d+(?=\])/g, replacement: '<inode>' },
  // As a key it needs them where it begins with a digit only.
  { name: 'quotes of an id', pattern: /'<id>'(?=:)/g, replacement: '<id>' },
  { name: 'processes of a socket', pattern: /\bpids: \[[ \d,]*\]/g, replacement: 'pids: [ <pid> ]' },
  {
    name: "line of ps: a process's numbers, and when it began",
    pattern: /\b(root|mysql) +\d+ +\d+ +\d+ +\d{2}:\d{2}(?= )|^ *\d+ root(?= )/gm,
    replacement: '<process>',
  },
  { name: "name of an image's layer", pattern: /(?<=\boverlay2\/l\/)[A-Z0-9]{26}\b/g, replacement: '<id>' },
  { name: 'id of a DNS message', pattern: /(?<=, status: [A-Z]+, id: )\d+/g, replacement: '<id>' },
  { name: 'measured number', pattern: /(?<![\d.])\d+\.\d{3,}(?![\d.])/g, replacement: '<number>' },
  {
    name: 'age of what a bridge has learned',
    pattern: /(?<=<mac>\t(?:no|yes)\t+ *)\d+\.\d{2}$/gm,
    replacement: '<age>',
  },
  { name: 'frame that was sent again', pattern: /(?<=(?:: |\| )([^|]+)) \| \1(?= \||$)/gm, replacement: '' },
  {
    name: 'how many frames there were',
    pattern: /\b\d+(?= of \d+ frames\b)|(?<=\b(?:\d+|none) of )\d+(?= frames\b)/g,
    replacement: '<n>',
  },
  {
    name: 'name that the engine makes up',
    pattern: /(?<=\bName: '\/|_NAME=\/|\/tcp {2,})[a-z]+_[a-z]+\d?(?=['/]|$)/gm,
    replacement: '<name>',
  },
  { name: 'id of a message', pattern: /(?<=^< 250 2\.0\.0 )[0-9a-f]{8}\b/gm, replacement: '<id>' },
  { name: "port of FTP's data", pattern: /(?<=\(\|\|\|)\d+(?=\|\))/g, replacement: '<port>' },
  { name: 'process of a web server, and its connection', pattern: /\b\d+#\d+: \*\d+/g, replacement: '<process>' },
  { name: 'how often a rule was used', pattern: /(?<=\bits counter rose by )[1-9]\d*/g, replacement: '<n>' },
  // They are as wide as the widest of what stands above and below.
  { name: 'width of a column', pattern: /(?<=\S)(?<!\\n) {3,}(?=\S)/g, replacement: '   ' },
  {
    name: "ping's id, which is a process",
    pattern: /(?<=ICMP6? echo (?:request|reply), id )\d+/g,
    replacement: '<pid>',
  },
]

/** The rules, as a reader needs them: what differs, and what stands in its place. */
export const volatile: readonly Pick<Rule, 'name' | 'replacement'>[] = rules

/** A text without what differs from run to run by nature: ids, MACs, ports, times. */
export function normalised(text: string): string {
  return rules.reduce((rest, { pattern, replacement }) => rest.replace(pattern, replacement), text)
}
