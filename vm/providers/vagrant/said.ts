/** One line of `vagrant --machine-readable`: what kind it is, and its data, unescaped. */
export interface Said {
  /** e.g. `ui`, `error-exit`, `action`. */
  type: string
  data: string[]
}

/** Reads a line; undefined for one that isn't Vagrant's (a provisioner's, Ruby's). */
export function readSaid(line: string): Said | undefined {
  const [time = '', target, type, ...data] = line.split(',')
  if (!/^\d+$/.test(time) || target === undefined || !type) return undefined
  return { type, data: data.map(plain) }
}

function plain(text: string): string {
  return text.replaceAll('%!(VAGRANT_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '\r').trimEnd()
}

/** What a line says to people, without the machine's name before each of its lines; undefined when it says nothing. */
export function textOf({ type, data }: Said): string | undefined {
  const [, text = ''] = data
  if (type === 'error-exit') return text
  return type === 'ui' ? text.replace(/^(==> | {4})[\w.-]+: /gm, '') : undefined
}

/** Vagrant's own class of the error that ended it (`Vagrant::Errors::BoxNotFound`), with its text. */
export function errorOf(lines: readonly Said[]): { kind: string; text: string } | undefined {
  const last = lines.findLast(({ type }) => type === 'error-exit')
  return last && { kind: last.data[0] ?? '', text: last.data[1] ?? '' }
}

/** What takes time next, in words; undefined for all the rest that Vagrant has to say. */
export function phaseOf(text: string): string | undefined {
  const [, provisioner] = /^Running provisioner: (\w+)/.exec(text) ?? []
  if (provisioner) return phases[provisioner]
  return Object.entries(phases).find(([begin]) => text.startsWith(begin))?.[1]
}

const phases: Record<string, string> = {
  packages: 'installing the packages',
  machine: 'naming its links, and booting again',
  network: 'making the outside',
  engine: 'starting the engine, and making the container images',
  'Adding box': 'downloading the box',
  'Waiting for domain': 'booting',
  'Booting VM': 'booting',
}
