import { AsyncLocalStorage } from 'node:async_hooks'
import type Docker from 'dockerode'
import type * as Testcontainers from 'testcontainers'

const engine = new AsyncLocalStorage<Docker>()
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
  library ??= load(socketPath)
  library.catch(() => {
    library = undefined
  })
  const loaded = await library
  return await engine.run(docker, () => run(loaded))
}

/** Loads the library (which takes a while, so that only those pay who use it) and points it at the calling machine. */
async function load(socketPath: string): Promise<typeof Testcontainers> {
  const loaded = await import('testcontainers')
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
