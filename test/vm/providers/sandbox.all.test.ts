import { sandbox } from '../../../vm/providers/sandbox.ts'
import { defaultSuite, suites } from '../../../vm/suite.ts'
import { itRunsTheEngine } from './sandbox/engine.ts'

describe('a sandbox of another suite', function () {
  this.timeout(0) // An image may have to be built.
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  for (const suite of suites.filter(one => one !== defaultSuite)) {
    itRunsTheEngine(suite, kind =>
      sandbox.start({
        ...{ ...kind, label: 'test', keep: false, report: () => {} },
        signal: new AbortController().signal,
      }),
    )
  }
})
