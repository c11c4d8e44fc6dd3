import { defaultSuite } from '../../../vm/suite.ts'
import { describeNameServer } from './any-suite.ts'

describeNameServer(defaultSuite)
