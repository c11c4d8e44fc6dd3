import { $, type Options, type ProcessPromise, type Shell, within } from 'zx/core'

/** What a command's promise needs in order to act in the guest. */
export interface Guest {
  kill: Options['kill']
  /** The shell whose commands may be piped into: halted until the pipe starts them, ended by the same signal. */
  next(signal: AbortSignal): Shell
  /** Where the command stands, for error messages. */
  from: string
  /** Told when somebody uses the command's stdin. */
  useStdin(): void
}

/** The parts of a ProcessPromise that its types keep to themselves. */
interface Insides {
  _snapshot: { from: string }
  on(event: string, listener: () => void): void
}

type Pipe = (destination: unknown, ...args: unknown[]) => unknown

/** Makes the methods act in the guest that zx lets act through the ambient `$`, that is on this host. */
export function adopt(promise: ProcessPromise, { kill, next, from, useStdin }: Guest): ProcessPromise {
  const insides = promise as unknown as Insides
  // zx takes the first file of the stack for the caller, which would be the transport's.
  insides._snapshot.from = from
  // Told by `other.pipe(promise)`; a stream's own pipe() tells `emit`.
  insides.on('pipe', useStdin)

  const original = Object.getPrototypeOf(promise) as ProcessPromise
  const inGuest =
    (pipe: Pipe): Pipe =>
    (destination, ...args) => {
      if (isTemplate(destination)) return pipe(next(promise.signal)(destination, ...args))
      if (typeof destination === 'string') return pipe(next(promise.signal)`cat > ${destination}`)
      return pipe(destination)
    }

  Object.defineProperties(promise, {
    stdin: {
      get() {
        useStdin()
        return Reflect.get(original, 'stdin', promise)
      },
    },
    emit: {
      value(event: string) {
        if (event === 'pipe') useStdin()
        return promise
      },
    },
    pipe: {
      get() {
        const pipes = Reflect.get(original, 'pipe', promise)
        return Object.assign(inGuest(pipes as Pipe), {
          stdout: inGuest(pipes.stdout as Pipe),
          stderr: inGuest(pipes.stderr as Pipe),
          stdall: inGuest(pipes.stdall as Pipe),
        })
      },
    },
    kill: {
      value: (signal?: NodeJS.Signals) =>
        within(() => {
          Object.assign($, { kill })
          return original.kill.call(promise, signal)
        }),
    },
    verbose: {
      value(on = true) {
        original.verbose.call(promise, on)
        return on ? promise.quiet(false) : promise
      },
    },
  })
  return promise
}

/** Is it what a tag gets of a template, rather than options, a file's name or a stream? */
export function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value
}
