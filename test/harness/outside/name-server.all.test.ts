import { defaultSuite, suites } from '../../../vm/suite.ts'
import { describeNameServer } from './any-suite.ts'

for (const suite of suites) if (suite !== defaultSuite) describeNameServer(suite)
