import { defaultSuite } from '../../../vm/suite.ts'
import { describeRestoring } from './restored.ts'

describeRestoring(defaultSuite)
