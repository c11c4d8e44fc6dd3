/** What differs from run to run without saying anything: its name, how it looks, what stands in its place. */
interface Rule {
  name: string
  pattern: RegExp
  replacement: string
}

// In this order: what is longer, or more particular, first.
const rules: Rule[] = [
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
  // A number of twelve digits is none.
  { name: 'short id', pattern: /\b(?=\d*[a-f])[0-9a-f]{12}\b/g, replacement: '<id>' },
  { name: "name of an engine's veth", pattern: /\bveth[0-9a-f]{7}\b/g, replacement: 'veth<id>' },
  { name: 'MAC address', pattern: /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi, replacement: '<mac>' },
  { name: 'link-local address', pattern: /\bfe80:(:?[0-9a-f]{1,4}){1,7}/gi, replacement: '<link-local>' },
  { name: 'time of day', pattern: /\b\d{2}:\d{2}:\d{2}(\.\d+)?/g, replacement: '<time>' },
  { name: 'duration', pattern: /\b\d+(\.\d+)? ?(ms|s|min)\b/g, replacement: '<duration>' },
  // Linux gives these to who asks for none (ip_local_port_range).
  {
    name: 'ephemeral port',
    pattern: /(?<=[:.]|port )(3[3-9]|[45]\d)\d{3}\b|(?<=[:.]|port )60\d{3}\b/g,
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
    pattern: /(?<=\bnetns (?:exec |should show \{ name: ')?|\/netns\/|network namespace ")\d+\b/g,
    replacement: '<pid>',
  },
  // As pipework calls the links that it makes for a container.
  {
    name: 'link with the name of a process',
    pattern: /(?<=\bveth\dp[lg])\d+\b|(?<=\bph)\d+(?=eth\d\b)/g,
    replacement: '<pid>',
  },
  { name: "namespace's inode", pattern: /\b([a-z_]+:\[)\d+(?=\])/g, replacement: '$1<inode>' },
  // As a key it needs them where it begins with a digit only.
  { name: 'quotes of an id', pattern: /'<id>'(?=:)/g, replacement: '<id>' },
  { name: "ping's id, which is a process", pattern: /(?<=ICMP echo (?:request|reply), id )\d+/g, replacement: '<pid>' },
]

/** A text without what differs from run to run by nature: ids, MACs, ports, times. */
export function normalised(text: string): string {
  return rules.reduce((rest, { pattern, replacement }) => rest.replace(pattern, replacement), text)
}
