import { defaultSuite, suites } from '../../../vm/suite.ts'
import { describeRestoring } from './restored.ts'

for (const suite of suites) if (suite !== defaultSuite) describeRestoring(suite)
