import { describeTrials } from './lanes.ts'

describeTrials([['kill-cli-engine', 'kill-ssh-server', 'full-run-disk']])
