import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { expect } from 'chai'
import type { Machine } from '../../../../vm/machine.ts'
import type { Suite } from '../../../../vm/suite.ts'

/** What holds of an engine in a sandbox, whichever suite's it is; `start` starts the sandbox. */
export function itRunsTheEngine(
  suite: Suite,
  start: (options: { suite: Suite; engine: true }) => Promise<Machine>,
): void {
  it(`runs the engine of ${suite}, its images loaded, reachable from outside and by its socket`, async () => {
    await using machine = await start({ suite, engine: true })
    const run = async (script: string) => (await machine.exec(script)).stdout.trim()

    expect(await run('docker info --format "{{.Driver}} {{.ServerVersion}}"')).to.match(
      /^overlay2 (20\.10|26\.1|28\.5)/,
    )
    expect(await run('docker run --rm busybox hostname -i')).to.match(/^172\.17\.0\.\d+$/)
    await run('docker run -d --name web -p 8080:80 vethlab/web')
    const fetch = 'curl -s --max-time 2 --retry 20 --retry-delay 1 --retry-connrefused http://203.0.113.2:8080/whoami'
    expect(await run(`ip netns exec outside ${fetch}`)).to.match(/^203\.0\.113\.1:\d+$/)
    // In a chroot this would land in the host's tree.
    expect(await run('docker exec web cat /usr/share/nginx/html/index.html')).to.include('Welcome to nginx!')
    expect(await run('iptables-save -t nat')).to.include('--dport 8080 -j DNAT --to-destination 172.17.0.2:80')
    expect(await getJson(machine.dockerSocket, '/containers/json')).to.have.length(1)
    await run('pkill dockerd; pkill -x containerd')
    expect(await run('echo still here')).to.equal('still here')
    expect(machine.lost.aborted).to.equal(false)
  })
}

async function getJson(socketPath: string, path: string): Promise<unknown> {
  const request = httpRequest({ socketPath, path, headers: { host: 'docker' } }).end()
  const [response] = await once(request, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return JSON.parse(body)
}
