/** How vagrant logs in to a machine. */
export interface SshConfig {
  host: string
  port: number
  /** Path of the private key. */
  identity: string
  /** What ssh is to reach it through; undefined where the machine runs on this host. */
  proxy: string | undefined
}

/** Reads what `vagrant ssh-config` prints for one machine. @throws Error for a text that names no host or key */
export function readSshConfig(text: string): SshConfig {
  const said = new Map(
    text.split('\n').map(line => {
      const [, key = '', value = ''] = /^\s*(\w+)\s+(.*?)\s*$/.exec(line) ?? []
      return [key, value.replace(/^"(.*)"$/, '$1')]
    }),
  )
  const [host, port, identity] = [said.get('HostName'), said.get('Port'), said.get('IdentityFile')]
  if (!host || !identity) throw new Error(`vagrant ssh-config names no host or no key:\n${text}`)
  return { host, port: Number(port ?? 22), identity, proxy: said.get('ProxyCommand') }
}
