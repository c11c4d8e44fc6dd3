import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type Docker from 'dockerode'
import type * as Testcontainers from 'testcontainers'

const engine = new AsyncLocalStorage<Docker>()
const require = createRequire(import.meta.url)
let library: Promise<typeof Testcontainers> | undefined

/**
 * Runs something with testcontainers, on one machine's engine.
 *
 * The library finds its engine once a process, and means it for good; so its three clients are given a property in
 * place of the engine, which is whichever machine's the call came from.
 */
export async function withTestcontainers<T>(
  docker: Docker,
  socketPath: string,
  run: (library: typeof Testcontainers) => Promise<T>,
): Promise<T> {
  const loaded = await loadedWith(socketPath)
  return await engine.run(docker, () => run(loaded))
}

/** The library, which labs side by side may ask for at the same time: one loads it, the others wait. */
async function loadedWith(socketPath: string): Promise<typeof Testcontainers> {
  for (;;) {
    const others = library
    library ??= load(socketPath)
    const loading = library
    try {
      return await loading
    } catch (error) {
      if (library === loading) library = undefined
      // Another lab's machine may have died meanwhile: that is no fault of this one's.
      if (!others) throw error
    }
  }
}

/** Loads the library (which takes a while, so that only those pay who use it) and points it at the calling machine. */
async function load(socketPath: string): Promise<typeof Testcontainers> {
  // It remembers the first address for good, even one where nobody answered: what has failed is forgotten as a whole.
  const folder = dirname(require.resolve('testcontainers'))
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file]
  const loaded: typeof Testcontainers = require('testcontainers')
  const client = await withEnvironment(
    {
      DOCKER_HOST: `unix://${socketPath}`,
      // Else, where there is a /.dockerenv, it asks a container that it pulls for 20 s where the engine's host is.
      TESTCONTAINERS_HOST_OVERRIDE: 'localhost',
    },
    () => loaded.getContainerRuntimeClient(),
  )
  for (const part of [client.container, client.image, client.network]) {
    const first: Docker = Reflect.get(part, 'dockerode')
    Object.defineProperty(part, 'dockerode', { get: () => engine.getStore() ?? first })
  }
  return loaded
}

/** Sets variables for as long as something takes: child processes of others must not inherit them. */
async function withEnvironment<T>(variables: Record<string, string>, run: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map(name => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    return await run()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
