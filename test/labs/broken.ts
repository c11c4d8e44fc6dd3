import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'chai'
import type { Failure, RunEvent } from '../../harness/events.ts'
import { loadLab } from '../../harness/run/registry.ts'
import { run } from '../../harness/run/run.ts'
import { defaultBackend } from '../../vm/backend.ts'
import { sandbox } from '../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../vm/suite.ts'
import { beginAll, inBackground, turnMs } from './background.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What came of a lab. */
interface Outcome {
  exitCode: number
  /** Title of the step that failed; undefined when none did. */
  failedStep: string | undefined
  failure: Failure | undefined
}

/** One way to break a lab on purpose: what is replaced by what in its text, and the step that must turn red. */
export interface Break {
  title: string
  /** Must stand in the lab's text. */
  from: string
  to: string
  /** Title of the step that must fail; undefined: no step, but the lab as a whole. */
  step: string | undefined
  /** What the failure must say. */
  says: RegExp
}

/** Runs a lab of the project in a sandbox, one thing of its text changed. */
async function runBroken(name: string, { from, to, step }: Break): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'vethlab-broken-'))
  try {
    const text = await readFile(join(root, 'labs', `${name}.ts`), 'utf8')
    expect(text, 'what is to be broken').to.include(from)
    const harness = pathToFileURL(join(root, 'harness', 'index.ts')).href
    const path = join(folder, `${name}.ts`)
    await writeFile(path, text.replace(from, () => to).replace('../harness/index.ts', harness))
    const events: RunEvent[] = []
    const exitCode = await run({
      labs: [await loadLab(path)],
      why: 'a test',
      cells: [{ suite: defaultSuite, backend: defaultBackend, provider: sandbox }],
      keep: false,
      // What a failed step leaves goes with the machine. What a lab leaves that holds as far as it goes must be found.
      intervention: { abandons: step === undefined ? 'failed' : 'always' },
      reporters: [{ on: event => events.push(event) }],
      mochaReporters: [],
      signal: new AbortController().signal,
    })
    const failed = events.find(event => event.type === 'step-ended' && event.status === 'failed')
    const ended = events.find(event => event.type === 'lab-ended')
    return {
      exitCode,
      failedStep: failed?.type === 'step-ended' ? failed.step.title : undefined,
      failure: ended?.type === 'lab-ended' ? ended.failure : undefined,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Tests that each break of a lab is found at the right step. */
export function testBreaks(name: string, breaks: Break[]): void {
  describe(`lab ${name}, broken`, () => {
    before(beginAll)

    for (const one of breaks) {
      const outcome = inBackground(() => runBroken(name, one))
      it(`${one.title}: ${one.step ? `"${one.step}" fails` : 'the lab fails'}`, async function () {
        this.timeout(turnMs)
        const { exitCode, failedStep, failure } = await outcome()
        expect(failedStep, failure?.message).to.equal(one.step)
        expect(`${failure?.message}\n${failure?.saw}`).to.match(one.says)
        expect(exitCode).to.equal(1)
      })
    }
  })
}
