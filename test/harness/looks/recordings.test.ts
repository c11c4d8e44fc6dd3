import { expect } from 'chai'
import { inPlace } from '../../../harness/looks/place.ts'
import { suites } from '../../../vm/suite.ts'
import { looksOfEngine, looksOfTopology } from '../../fixtures/looks.ts'
import { recording } from './recorded.ts'

describe('recordings of looks', () => {
  for (const suite of suites) {
    it(`show what today's scripts print on ${suite}`, () => {
      for (const { name, probe, place = 'guest' } of [...looksOfTopology, ...looksOfEngine]) {
        expect(recording(suite, name).script, `${name}: run test/fixtures/record-looks.ts`).to.equal(
          inPlace(probe, place).script,
        )
      }
    })
  }
})
