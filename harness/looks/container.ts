import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
import { inspected } from './inspected.ts'
import { LookError } from './probe.ts'

/** What the engine says of a container, by name or id; undefined when it knows none. Throws a LookError when it doesn't answer. */
export async function inspectContainer(docker: Docker, name: string): Promise<ContainerInspectInfo | undefined> {
  return await inspected('container', name, () => docker.getContainer(name).inspect())
}

/** The pid in the guest of a container's first process: the way into its netns. Throws a LookError when it isn't running. */
export async function containerPid(docker: Docker, name: string): Promise<number> {
  const found = await inspectContainer(docker, name)
  if (found === undefined) {
    const all = await docker.listContainers({ all: true })
    const names = all.flatMap(({ Names }) => Names.map(known => known.replace(/^\//, '')))
    throw new LookError(`no such container: ${name}; these are: ${names.join(', ') || 'none'}`)
  }
  if (found.State.Pid === 0)
    throw new LookError(`container ${name} isn't running (${found.State.Status}), so it has no netns`)
  return found.State.Pid
}
