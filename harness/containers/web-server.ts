import type Docker from 'dockerode'
import type { GenericContainer, StartedTestContainer, WaitStrategy } from 'testcontainers'
import type { Machine } from '../../vm/machine.ts'
import { dockerOn } from '../docker.ts'
import { withTestcontainers } from './testcontainers.ts'

export interface WebServerOptions {
  /** The network to be attached to; the engine's default bridge if none is named. */
  network?: string
  /** Further names on that network. */
  aliases?: string[]
  /** An image with nginx, or the like, and curl. */
  image?: string
}

/** A container whose web server has answered. Each answer says in `X-Seen-From` who asked, as the server saw it. */
export interface WebServer {
  name: string
  id: string
  /** Its IPv4 address in each network, by the network's name: `addresses.bridge`. */
  addresses: Record<string, string>
  /** Stops and removes the container. Does nothing to one that is gone. */
  stop(): Promise<void>
}

const limitMs = 30_000

/** Starts a web server in the guest's engine and waits until it answers. The image must be there: nothing is pulled. */
export async function webServer(
  machine: Machine,
  name: string,
  { network, aliases = [], image = 'vethlab/web:latest' }: WebServerOptions = {},
): Promise<WebServer> {
  const docker = await dockerOn(machine)
  await requireImage(docker, image, machine.name)
  return await withTestcontainers(docker, machine.dockerSocket, async ({ GenericContainer, PullPolicy, Wait }) => {
    class Container extends GenericContainer {
      /** The library's own way to give aliases attaches the container to the default bridge as well. */
      on(network: string, aliases: string[]): this {
        this.createOpts.NetworkingConfig = { EndpointsConfig: { [network]: { Aliases: aliases } } }
        return this.withNetworkMode(network)
      }
    }
    const container = new Container(image)
      .withName(name)
      .withPullPolicy(PullPolicy.neverPull())
      // The machine goes as a whole; the library's own reaper would be one more container, on an image to be pulled.
      .withAutoCleanup(false)
      // Asked inside: a port that is published is so on the guest, and this process is not there.
      .withWaitStrategy(
        explained(Wait.forSuccessfulCommand('curl --silent --fail --max-time 2 http://127.0.0.1/'), docker),
      )
      .withStartupTimeout(limitMs * machine.slowness)
    if (network) container.on(network, aliases)
    const id = (await start(container, docker, name)).getId()
    return { name, id, addresses: await addressesOf(docker, id), stop: () => remove(docker, id) }
  })
}

async function start(container: GenericContainer, docker: Docker, name: string): Promise<StartedTestContainer> {
  const before = await idOf(docker, name)
  try {
    return await container.start()
  } catch (error) {
    // The library removes what it waited for in vain, but not what it could not start.
    const left = await idOf(docker, name)
    if (left && left !== before) await remove(docker, left)
    const why = error instanceof Error ? error.message.trim() : error
    throw new Error(`the web server ${name} did not come up: ${why}`, { cause: error })
  }
}

/** Looks at a container that was waited for in vain, before the library removes it. */
function explained(strategy: WaitStrategy, docker: Docker): WaitStrategy {
  const wait: WaitStrategy['waitUntilReady'] = strategy.waitUntilReady.bind(strategy)
  strategy.waitUntilReady = async (container, ...rest) => {
    try {
      await wait(container, ...rest)
    } catch (error) {
      throw new Error(await autopsy(docker, container.id), { cause: error })
    }
  }
  return strategy
}

async function requireImage(docker: Docker, image: string, machine: string): Promise<void> {
  const tags = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])
  if (tags.includes(image.includes(':') ? image : `${image}:latest`)) return
  throw new Error(`no image ${image} on ${machine}, and nothing is pulled there; it has ${tags.sort().join(', ')}`)
}

async function addressesOf(docker: Docker, id: string): Promise<Record<string, string>> {
  const { NetworkSettings } = await docker.getContainer(id).inspect()
  const entries = Object.entries(NetworkSettings.Networks).map(([name, { IPAddress }]) => [name, IPAddress])
  return Object.fromEntries(entries.filter(([, address]) => address))
}

async function idOf(docker: Docker, name: string): Promise<string | undefined> {
  const found = await docker.listContainers({ all: true, filters: { name: [`^/?${name}$`] } })
  return found[0]?.Id
}

/** How a container is that should answer and doesn't, and its last words. */
async function autopsy(docker: Docker, id: string): Promise<string> {
  const container = docker.getContainer(id)
  const { Running, ExitCode } = (await container.inspect()).State
  const log = await container.logs({ stdout: true, stderr: true, tail: 5 })
  // Each line has a header of 8 bytes: its stream and its length.
  const words = log
    .toString('latin1')
    .replace(/[\x00-\x02]\x00{3}.{4}/gs, '')
    .trim()
  return `${Running ? 'it runs, but never answered' : `it ended with exit code ${ExitCode}`}${words && `\n${words}`}`
}

async function remove(docker: Docker, id: string): Promise<void> {
  await docker
    .getContainer(id)
    .remove({ force: true, v: true })
    .catch(error => {
      if (error.statusCode !== 404) throw error
    })
}
