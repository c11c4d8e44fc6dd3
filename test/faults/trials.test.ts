import { describeTrials } from './lanes.ts'

/*
 * The short form of `npm run test:faults`: some of its trials; trials.all.test.ts has more. machine.test.ts, interrupt.test.ts and
 * host.test.ts disturb at moments that are known.
 */
describeTrials([
  ['kill-cli', 'kill-dockerd'],
  ['damaged-image', 'kill-init'],
])
